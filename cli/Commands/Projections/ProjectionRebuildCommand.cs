using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;

namespace Alloc.Cli.Commands.Projections;

/// <summary>
/// <c>alloc projection rebuild --scope all|pool/ID|partition/N</c>: folds the journal anew beside live reads, and
/// switches over.
/// </summary>
internal static class ProjectionRebuildCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    private static readonly Option<string> Scope = new("--scope")
    {
        Description = "What is built anew: everything, as a new generation, or the entries of a pool or a partition",
        Required = true,
        HelpName = "all|pool/ID|partition/N",
    };

    private static readonly Option<bool> Check = new("--check")
    {
        Description = "Only compare with the journal, and change nothing; 5 when something differs",
    };

    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "Return when it has begun; alloc projection status shows how far it is",
    };

    public static Command Create() =>
        new Command("rebuild", "Build what searches answer from anew, beside live reads")
            .Takes(Scope, Check, NoWait, Incomplete.Allow, ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Get(Scope) is not "all")
        {
            return await ScopeRebuildRun.RunAsync(
                context, context.Get(Scope), context.Get(Check), context.Get(NoWait), cancellation)
                .ConfigureAwait(false);
        }
        if (context.Get(Check))
        {
            throw AllocException.Usage(
                "--check compares a pool or a partition: --scope pool/ID or --scope partition/N.",
                "A new generation replaces all, whatever it was.");
        }
        using var console = JsonHttp.Console(context);
        var begun = await console.PostAsync(
            "v1/projection/rebuild" + (context.Get(Incomplete.Allow) ? "?allowIncomplete=true" : ""), cancellation)
            .ConfigureAwait(false);
        var generation = begun["generation"]!.GetValue<int>();
        var missing = new Incomplete();
        missing.Add(begun);
        missing.Warn(context, "not reached; start it there again when it answers");
        if (!context.Get(NoWait))
        {
            await WaitAsync(context, console, generation, cancellation).ConfigureAwait(false);
        }
        var answer = new JsonObject { ["generation"] = generation, ["answers"] = !context.Get(NoWait) };
        context.Screen.One(answer, _ => context.Screen.Verbatim(context.Get(NoWait)
            ? $"Generation {generation} is being built."
            : $"Searches answer from generation {generation} now, at every instance that answers."));
        return missing.IsAny ? ExitCode.Unavailable : ExitCode.Ok;
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
                var isWhole = status["complete"]!.GetValue<bool>() || context.Get(Incomplete.Allow);
                if (isWhole && instances.TrueForAll(i => i["generation"]!.GetValue<int>() >= generation))
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
            throw AllocException.Failed(
                $"Generation {generation} was given up: {reason}",
                "Searches answer from the generation before. alloc verify checks the journal.");
        }
        progress.Show(
            $"building generation {generation}", rebuild["folded"]!.GetValue<long>(),
            rebuild["total"]!.GetValue<long>());
    }
}
