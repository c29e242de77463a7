using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Bench;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Projections;

/// <summary>
/// <c>alloc projection rebuild --scope all</c>: folds the journal anew beside live reads, and switches over.
/// </summary>
internal static class ProjectionRebuildCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    private static readonly Option<string> Scope = new("--scope")
    {
        Description = "What is built anew: all. Pools and partitions are only built together",
        Required = true,
        HelpName = "all",
    };

    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "Return when it has begun; alloc projection status shows how far it is",
    };

    public static Command Create() =>
        new Command("rebuild", "Build what searches answer from anew, beside live reads")
            .Takes(Scope, NoWait, ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Get(Scope) is not "all" and var scope)
        {
            throw CliException.Usage(
                $"--scope: '{scope}' cannot be built alone: a generation is the whole fold of the journal, and is "
                + "switched to as a whole.",
                "--scope all builds every pool of every partition; searches go on meanwhile.");
        }
        using var console = JsonHttp.Console(context);
        var begun = await console.PostAsync("v1/projection/rebuild", cancellation).ConfigureAwait(false);
        var generation = begun["generation"]!.GetValue<int>();
        if (!context.Get(NoWait))
        {
            await WaitAsync(context, console, generation, cancellation).ConfigureAwait(false);
        }
        var answer = new JsonObject { ["generation"] = generation, ["answers"] = !context.Get(NoWait) };
        context.Screen.One(answer, _ => context.Screen.Verbatim(context.Get(NoWait)
            ? $"Generation {generation} is being built."
            : $"Searches answer from generation {generation} now, at every instance."));
        return ExitCode.Ok;
    }

    /// <summary>Until every instance answers from the generation.</summary>
    private static async Task WaitAsync(
        CommandContext context, JsonHttp console, int generation, CancellationToken cancellation)
    {
        var progress = new ProgressLine(context.Host, "offsets");
        using var poll = new PeriodicTimer(Look, context.Time);
        try
        {
            while (true)
            {
                var status = await console.GetAsync("v1/projection", cancellation).ConfigureAwait(false);
                var instances = status["instances"]!.AsArray().OfType<JsonObject>()
                    .Where(i => i["generation"] is not null).ToList();
                if (instances.TrueForAll(i => i["generation"]!.GetValue<int>() >= generation))
                {
                    return;
                }
                foreach (var rebuild in instances.Select(i => i["rebuild"]).OfType<JsonObject>())
                {
                    Tell(progress, rebuild, generation);
                }
                await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            progress.Clear();
        }
    }

    private static void Tell(ProgressLine progress, JsonObject rebuild, int generation)
    {
        if (rebuild["generation"]!.GetValue<int>() != generation)
        {
            return;
        }
        if (rebuild["failure"] is { } reason)
        {
            throw CliException.Failed(
                $"Generation {generation} was given up: {reason}",
                "Searches answer from the generation before. alloc verify checks the journal.");
        }
        progress.Show(
            $"building generation {generation}", rebuild["folded"]!.GetValue<long>(),
            rebuild["total"]!.GetValue<long>());
    }
}
