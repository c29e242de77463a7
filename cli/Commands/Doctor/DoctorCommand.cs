using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Servers;
using Alloc.Cli.Output;
using Spectre.Console;

namespace Alloc.Cli.Commands.Doctor;

/// <summary>
/// <c>alloc doctor</c>: looks at the machine, the cluster and a running instance; each line is ok, warn or fail.
/// </summary>
internal static class DoctorCommand
{
    public static Command Create() =>
        new Command("doctor", "Check libraries, disk, ports, Kafka, registry, topics, clocks")
            .TalksToKafka().TalksToRegistry().TalksToConsole()
            .Takes(
                ServerOptions.ApplicationId, ServerOptions.DataDirectory, ServerOptions.KafkaPort,
                ServerOptions.RegistryPort, ServerOptions.ConsolePort)
            .Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var findings = new List<Finding>();
        await foreach (var finding in LookAsync(context, cancellation).ConfigureAwait(false))
        {
            findings.Add(finding);
            if (context.Screen.IsTable)
            {
                Show(context.Screen, finding);
            }
        }
        if (!context.Screen.IsTable)
        {
            context.Screen.Rows([.. findings.Select(f => f.ToJson())]);
        }
        return findings.Exists(f => f.Verdict == Verdict.Fail) ? ExitCode.Failure : ExitCode.Ok;
    }

    private static async IAsyncEnumerable<Finding> LookAsync(
        CommandContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var finding in MachineChecks.Run(context.Get(ServerOptions.DataDirectory)))
        {
            yield return finding;
        }
        await foreach (var finding in ClusterChecks.RunAsync(context, cancellation).ConfigureAwait(false))
        {
            yield return finding;
        }
    }

    private static void Show(Screen screen, Finding finding)
    {
        var (word, style) = finding.Verdict switch
        {
            Verdict.Ok => ("ok  ", "green"),
            Verdict.Warn => ("warn", "yellow"),
            _ => ("fail", "red"),
        };
        screen.Data.MarkupLine($"[{style}]{word}[/]  {Markup.Escape($"{finding.Subject,-16} {finding.Seen}")}");
        if (finding.Remedy is not null)
        {
            screen.Data.MarkupLine($"      {"",-16} [dim]{Markup.Escape(finding.Remedy)}[/]");
        }
    }
}
