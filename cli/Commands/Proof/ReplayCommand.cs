using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Replay;
using Spectre.Console;

namespace Alloc.Cli.Commands.Proof;

/// <summary><c>alloc replay FILE</c>: real orders, pods or requests as commands.</summary>
internal static class ReplayCommand
{
    private static readonly Argument<string> File = new("file") { Description = "The file; CSV, gzip or plain" };

    private static readonly Option<string> Format = new("--format")
    {
        Description = "The file's format; auto tells it by the first line",
        DefaultValueFactory = _ => ReplayFormats.Auto,
    };

    private static readonly Option<DateForm> Dates = Choice.Of<Option<DateForm>, DateForm>(
        new Option<DateForm>("--date-form")
        {
            Description = "How a retail file writes its dates; auto tells it by the whole file",
            HelpName = "auto|year-first|month-first|day-first",
        },
        DateForm.Auto);

    private static readonly Option<string> Speed = new("--speed")
    {
        Description = "max, or how many times faster than the file's own time",
        DefaultValueFactory = _ => "max",
        HelpName = "max|factor",
    };

    private static readonly Option<long> Seed = new("--seed")
    {
        Description = "Draws what the file does not say; another seed is another replay",
        DefaultValueFactory = _ => 1,
        HelpName = "number",
    };

    private static readonly Option<long?> Limit = new Option<long?>("--limit")
    {
        Description = "Only the first lines of the file",
        HelpName = "lines",
    }.Within(1);

    private static readonly Option<int> Window = new Option<int>("--window")
    {
        Description = "Commands under way at most",
        DefaultValueFactory = _ => 20_000,
        HelpName = "count",
    }.Within(1);

    private static readonly Option<TimeSpan> Patience = new("--patience")
    {
        Description = "How long nothing may be decided (broker or engine away) before the replay gives up",
        CustomParser = Duration.Parse,
        DefaultValueFactory = _ => TimeSpan.FromMinutes(2),
        HelpName = "duration",
    };

    private static readonly Option<string> Rejects = new("--rejects")
    {
        Description = "Where lines go that cannot be replayed, with the reason",
        DefaultValueFactory = _ => "replay-rejects.csv",
        HelpName = "file",
    };

    private static readonly Option<bool> Resend = new("--resend")
    {
        Description = "Send commands again that were decided before: each is answered with its original outcome",
    };

    static ReplayCommand() => Format.AcceptOnlyFromAmong(ReplayFormats.Names);

    public static Command Create() =>
        new Command("replay", "Turn a file of real orders, pods or requests into commands, and follow what is decided")
            .Takes(File, Format, Dates, Speed, Seed, Limit, Window, Patience, Rejects, Resend)
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        var options = new ReplayOptions
        {
            Seed = context.Get(Seed),
            Speed = SpeedOf(context.Get(Speed)),
            Window = context.Get(Window),
            Patience = context.Get(Patience),
            DateForm = context.Get(Dates),
            Resend = context.Get(Resend),
        };
        // A file that cannot be replayed says so whether or not anybody is there to take it.
        var replay = Plan(context, context.Get(File), options);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.RunClient(settings, context.Time, isPatient: true);
        using var pipe = new CommandPipe(settings, registry, fromBeginning: true, lingerMs: 5);
        var progress = new ProgressLine(context.Host, "lines");
        long? linesBefore = null;
        var session = new ReplaySession(replay, options, pipe, context.Time)
        {
            OnQuiet = text =>
            {
                progress.Clear();
                context.Screen.Warn(text);
            },
            OnProgress = s =>
            {
                if (s.Summary.Sent > 0)
                {
                    linesBefore ??= s.Flow.LinesBegun;
                }
                progress.Show(s.Flow.Moment, s.Flow.LinesBegun, replay.LineCount, linesBefore
                    ?? s.Flow.LinesBegun);
            },
        };
        try
        {
            await Task.Run(() => session.Run(cancellation), CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            progress.Clear();
            context.Screen.Warn(
                $"interrupted: {session.Summary.Decided:N0} commands decided, {session.PendingCount:N0} on the way. "
                + "The same command goes on where this one stopped; nothing is done twice.");
            throw;
        }
        finally
        {
            progress.Clear();
        }
        Show(context, replay, session, options);
        if (session.OverdueCount > 0)
        {
            context.Screen.Warn(
                $"{session.OverdueCount:N0} holds are past their expiry and have not expired; 'alloc verify' says "
                + "more.");
        }
        return session.Summary.OversoldUnits > 0
            ? ExitCode.Mismatch
            : session.OverdueCount > 0 ? ExitCode.Failure : ExitCode.Ok;
    }

    private static Replayable Plan(CommandContext context, string file, ReplayOptions options)
    {
        if (!System.IO.File.Exists(file))
        {
            throw AllocException.NotFound($"There is no file {file}.");
        }
        using var rejects = new StreamWriter(context.Get(Rejects)) { NewLine = "\n" };
        rejects.WriteLine("Row,Reason,Line");
        try
        {
            return ReplayFormats.Open(
                file, context.Get(Format), context.Get(Limit), options,
                r => rejects.WriteLine($"{r.Row},{r.Reason},\"{Quote(r.Text)}\""));
        }
        catch (InvalidDataException e)
        {
            throw AllocException.Usage($"{file}: {e.Message}");
        }
    }

    private static string Quote(string text) => text.Replace("\"", "\"\"", StringComparison.Ordinal);

    private static double? SpeedOf(string text) => text switch
    {
        "max" => null,
        _ when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var factor)
            && factor > 0 && double.IsFinite(factor) => factor,
        _ => throw AllocException.Usage($"--speed: '{text}' is neither max nor a factor, for instance 3600."),
    };

    private static void Show(
        CommandContext context, Replayable plan, ReplaySession session, ReplayOptions options)
    {
        var summary = session.Summary.ToJson();
        summary["lines"] = plan.LineCount;
        summary["rejectedLines"] = new JsonObject(plan.Rejected.OrderBy(r => r.Key)
            .Select(r => KeyValuePair.Create(r.Key.ToString(), (JsonNode?)JsonValue.Create(r.Value))));
        summary["rejectsFile"] = context.Get(Rejects);
        summary["overdueHolds"] = session.OverdueCount;
        foreach (var (name, count) in session.Flow.Counts())
        {
            summary[name] = count;
        }
        summary["seed"] = options.Seed;
        summary["invented"] = plan.Invented;
        context.Screen.One(summary, console =>
        {
            var s = session.Summary;
            Line(console, "Lines",
                $"{plan.LineCount:N0}, {plan.Rejected.Values.Sum():N0} of them rejected → {context.Get(Rejects)}");
            foreach (var (reason, count) in plan.Rejected.OrderByDescending(r => r.Value))
            {
                Line(console, "", $"{count,9:N0}  {reason}");
            }
            Line(console, "Commands",
                $"{s.Decided:N0} decided; {s.Sent:N0} sent by this run ({s.Repeated:N0} of them twice on purpose), "
                + $"{s.AlreadyDecided:N0} were decided before");
            Line(console, "Pools", $"{s.PoolCount:N0}");
            foreach (var (name, count) in s.Outcomes.OrderByDescending(o => o.Value))
            {
                Line(console, name == s.Outcomes.OrderByDescending(o => o.Value).First().Key ? "Outcomes" : "",
                    $"{count,9:N0}  {name}");
            }
            Line(console, "Reasons", s.Reasons.Count == 0 ? "none" : "");
            foreach (var (name, count) in s.Reasons.OrderByDescending(r => r.Value))
            {
                Line(console, "", $"{count,9:N0}  {name}");
            }
            Line(console, "Repeats", $"{s.Duplicates:N0} answered with the original outcome");
            Line(console, "Oversold", $"{s.OversoldUnits:N0}");
            Line(console, "Rate", $"{s.Rate:N0} commands a second over {Duration.Show(s.Elapsed)}");
            Line(console, "Latency",
                $"p50 {s.Latency.PercentileMs(0.5):N1} ms, p99 {s.Latency.PercentileMs(0.99):N1} ms, "
                + $"p99.9 {s.Latency.PercentileMs(0.999):N1} ms from send to committed outcome, up to "
                + $"{options.Window:N0} under way");
            Line(console, "Invented", plan.Invented);
        });
    }

    private static void Line(IAnsiConsole console, string name, string text) =>
        console.MarkupLine($"[bold]{Markup.Escape(name),-10}[/]{Markup.Escape(text)}");
}
