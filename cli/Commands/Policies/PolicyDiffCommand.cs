using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Servers;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.Trial;

namespace Alloc.Cli.Commands.Policies;

/// <summary>
/// <c>alloc policy diff FILE --replay 24h</c>: who would have been decided differently. Without a file the policies
/// that were in force decide again, and the outcomes must be those of the journal, byte for byte.
/// </summary>
internal static class PolicyDiffCommand
{
    private static readonly Argument<string?> File = new("file")
    {
        Description = "The policy to try; left out: those that were in force, whose outcomes must be the same bytes",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<TimeSpan> Window = new("--replay")
    {
        Description = "How much of the log to run again, up to now",
        CustomParser = Duration.Parse,
        DefaultValueFactory = _ => TimeSpan.FromHours(24),
        HelpName = "duration",
    };

    private static readonly Option<int> Examples = new Option<int>("--examples", "-n")
    {
        Description = "How many examples of each change",
        DefaultValueFactory = _ => 3,
        HelpName = "count",
    }.Within(0);

    public static Command Create() =>
        new Command("diff", "Try a policy on the log: who would have been decided differently")
            .Takes(File, Window, Examples, ServerOptions.CheckpointDirectory, ServerOptions.ApplicationId)
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var from = context.Time.GetUtcNow() - context.Get(Window);
        var candidate = Candidate(context);
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var progress = new ProgressLine(context.Host, "records");
        using var checkpoints = context.Get(ServerOptions.CheckpointDirectory) is { } root
            ? new ScratchStates(root, context.Get(ServerOptions.ApplicationId)) : null;
        using var replay = new PolicyReplay(settings, registry, cancellation)
        {
            Checkpoints = checkpoints,
            OnProgress = (what, done, total) => progress.Show(what, done, total),
            OnEstimate = (count, time) => context.Screen.Warn(
                $"The state before the window is folded from the journal: up to {count:N0} outcomes, about "
                + $"{Duration.Show(time)}. --checkpoint-dir makes it shorter."),
        };
        var comparison = new TrialComparison(context.Get(Examples));
        var bytes = new ByteComparison();
        try
        {
            await Task.Run(
                () => replay.Run(
                    from.ToUnixTimeMilliseconds(), candidate,
                    (partition, outcome) =>
                    {
                        comparison.Was(outcome);
                        bytes.Was(partition, outcome);
                    },
                    (partition, outcome) =>
                    {
                        comparison.WouldBe(outcome);
                        bytes.WouldBe(partition, outcome);
                    }),
                CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            progress.Clear();
        }
        comparison.Finish();
        bytes.Finish();
        var result = new PolicyDiffResult(candidate, from, replay, comparison, bytes);
        context.Screen.One(result.Json(), console => result.Show(context, console));
        return candidate is null && bytes.FirstDifference is not null ? ExitCode.Mismatch : ExitCode.Ok;
    }

    private static AllocationPolicy? Candidate(CommandContext context)
    {
        if (context.Get(File) is not { } name)
        {
            return null;
        }
        var reading = PolicyFile.Read(context, name).Parse();
        return reading.Policy ?? throw AllocException.Failed(
            reading.Errors[0].Show(name), "alloc policy validate shows all errors.");
    }
}
