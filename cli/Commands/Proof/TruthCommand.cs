using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Bench;
using Alloc.Bench.Truth;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Spectre.Console;

namespace Alloc.Cli.Commands.Proof;

/// <summary>
/// <c>alloc bench truth</c>: a retail year in real processes, and whether reconciliation finds what is wrong and
/// nothing else.
/// </summary>
internal static class TruthCommand
{
    private static readonly Option<TimeSpan> For = new("--for")
    {
        Description = "How long orders come; 1h plays the whole year, less its beginning at the same rate",
        DefaultValueFactory = _ => TimeSpan.FromHours(1),
        CustomParser = r => Duration.Parse(r),
        HelpName = "duration",
    };

    private static readonly Option<int> Faults = new("--fault-percent")
    {
        Description = "Of the things that can have it, how many each kind of fault befalls",
        DefaultValueFactory = _ => 0,
        HelpName = "percent",
    };

    private static readonly Option<TimeSpan?> KillEvery = new("--kill-every")
    {
        Description = "Kill -9 a process about that often, and start it again; never if not given",
        CustomParser = r => Duration.Parse(r),
        HelpName = "duration",
    };

    private static readonly Option<long> Seed = new("--seed")
    {
        Description = "Draws what the file does not say, and the faults",
        DefaultValueFactory = _ => 1,
        HelpName = "number",
    };

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "The retail year, CSV or gzip; a synthetic one of the same shape if not given",
        HelpName = "file",
    };

    private static readonly Option<bool> Short = new("--short")
    {
        Description = "Differences may stand for two seconds instead of what the shipped catalogue says",
    };

    public static Command Create() => new Command(
        "truth", "A retail year in real processes: does reconciliation find what is wrong, and nothing else?")
        .Takes(For, Faults, KillEvery, Seed, Data, Short).Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var options = OptionsOf(context);
        using var work = new BenchFolder(context);
        var report = new BenchReport(Machine.Describe(work.Path), context.Time.GetLocalNow());
        var benchRun = new BenchRun(
            BenchCommand.Options(context, work.Path), report, context.Time, context.Screen.Warn);
        var progress = new ProgressLine(context.Host, "lines");
        var truth = new TruthRun(benchRun, options)
        {
            OnProgress = (what, done, total, rate, open) => progress.Show(
                $"{what}  {rate:N0} decisions/s  {(open is { } count ? $"{count:N0}" : "?")} open", done, total),
        };
        TruthVerdict verdict;
        JsonObject summary;
        try
        {
            (verdict, summary) = await truth.RunAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            progress.Clear();
        }
        summary["machine"] = Machine.Describe(work.Path);
        context.Screen.One(summary, console => Show(console, summary, verdict));
        return verdict.IsWhole ? ExitCode.Ok : ExitCode.Failure;
    }

    private static TruthOptions OptionsOf(CommandContext context)
    {
        var time = context.Get(For);
        if (time < TimeSpan.FromSeconds(1) || time > TimeSpan.FromDays(1))
        {
            throw AllocException.Usage($"--for: {DurationWords.Show(time)} is not from 1 s to 1 day.");
        }
        var percent = context.Get(Faults);
        if (percent is not (>= 0 and <= 10))
        {
            throw AllocException.Usage($"--fault-percent: {percent} is not from 0 to 10.");
        }
        var data = context.Get(Data);
        if (data is not null && !File.Exists(data))
        {
            throw AllocException.NotFound($"There is no file {data}.");
        }
        return new TruthOptions
        {
            Time = time,
            FaultShare = percent / 100.0,
            KillEvery = context.Get(KillEvery),
            Seed = context.Get(Seed),
            Data = data,
            IsShort = context.Get(Short),
        };
    }

    private static void Show(IAnsiConsole console, JsonObject summary, TruthVerdict verdict)
    {
        foreach (var (name, value) in summary.Where(s => s.Key is not "verdict" and not "machine"))
        {
            console.MarkupLine($"[bold]{Markup.Escape(name),-20}[/]{Markup.Escape(Text(value))}");
        }
        foreach (var (fault, injected) in verdict.Truth.Injected)
        {
            var expected = verdict.Truth.Mismatches.Where(t => t.Value == fault).Select(t => t.Key).ToList();
            console.MarkupLine(
                $"[bold]{Markup.Escape(fault.ToString()),-20}[/]{injected,7:N0} injected, {expected.Count,7:N0} "
                + $"mismatches, {expected.Count(verdict.Found.ContainsKey),7:N0} found");
        }
        foreach (var missed in verdict.Missed)
        {
            console.MarkupLine($"[red]missed[/]    {Markup.Escape(missed)}");
        }
        foreach (var invented in verdict.Invented)
        {
            console.MarkupLine($"[red]invented[/]  {Markup.Escape(invented)}");
        }
        console.MarkupLine(
            $"[bold]precision[/] {verdict.Precision:P2}, [bold]recall[/] {verdict.Recall:P2}: "
            + $"{verdict.Opened:N0} opened, "
            + $"{verdict.Truth.Mismatches.Count:N0} injected, {verdict.OpenAtEnd:N0} open at the end");
    }

    private static string Text(JsonNode? value) => value is JsonObject counts
        ? string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}")) : $"{value}";
}
