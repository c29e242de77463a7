using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Processors.Notation;

namespace Alloc.Cli.Commands.Projections;

/// <summary>Has a pool or a partition of the projection built anew, and tells what differed.</summary>
internal static class ScopeRebuildRun
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>Times that no instance knows of it before it is given up: the one that had it is gone.</summary>
    private const int MissesAtMost = 25;

    /// <summary>Begins it, and waits for its end unless that is not wanted.</summary>
    public static async Task<int> RunAsync(
        CommandContext context, string scope, bool isCheck, bool noWait, CancellationToken cancellation)
    {
        if (!scope.StartsWith("pool/", StringComparison.Ordinal)
            && !scope.StartsWith("partition/", StringComparison.Ordinal))
        {
            throw AllocException.Usage($"--scope: '{scope}' is none of all, pool/ID and partition/N.");
        }
        using var console = JsonHttp.Console(context);
        var begun = await console.PostAsync(
            $"v1/projection/rebuild?scope={Uri.EscapeDataString(scope)}{(isCheck ? "&check=true" : "")}", cancellation)
            .ConfigureAwait(false);
        var id = begun["id"]!.GetValue<string>();
        if (noWait)
        {
            context.Screen.One(begun.AsObject(), _ => context.Screen.Verbatim(
                $"{scope} is being built anew. alloc projection status shows how far it is."));
            return ExitCode.Ok;
        }
        var result = await WaitAsync(context, console, id, cancellation).ConfigureAwait(false);
        return Tell(context, result);
    }

    private static async Task<JsonObject> WaitAsync(
        CommandContext context, JsonHttp console, string id, CancellationToken cancellation)
    {
        var progress = new ProgressLine(context.Host, "offsets");
        using var poll = new PeriodicTimer(Look, context.Time);
        var misses = 0;
        try
        {
            while (true)
            {
                var status = await console.GetAsync("v1/projection", cancellation).ConfigureAwait(false);
                var found = status["instances"]!.AsArray().Select(i => i!["scopeRebuild"]).OfType<JsonObject>()
                    .FirstOrDefault(r => r["id"]!.GetValue<string>() == id);
                if (found?["phase"]?.GetValue<string>() is "Done" or "Unknown" or "Failed")
                {
                    return found;
                }
                misses = found is null ? misses + 1 : 0;
                if (misses > MissesAtMost)
                {
                    throw AllocException.Unavailable(
                        "The instance that built it anew was stopped or started again; what searches show was not "
                        + "changed, or as a whole.", "Run it again.");
                }
                if (found is not null)
                {
                    progress.Show(
                        Doing(found), found["read"]!.GetValue<long>(), found["total"]!.GetValue<long>());
                }
                await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            progress.Clear();
        }
    }

    private static string Doing(JsonObject rebuild) => rebuild["phase"]!.GetValue<string>() switch
    {
        "Reading" => $"folding {rebuild["scope"]}",
        "Waiting" => $"{rebuild["scope"]}: waiting until searches have caught up",
        "Comparing" => $"{rebuild["scope"]}: comparing",
        _ => $"{rebuild["scope"]}: switching",
    };

    private static int Tell(CommandContext context, JsonObject result)
    {
        switch (result["phase"]!.GetValue<string>())
        {
            case "Unknown":
                throw AllocException.NotFound($"{result["failure"]}");
            case "Failed":
                throw AllocException.Failed(
                    $"{result["scope"]} was not built anew: {result["failure"]}",
                    "What searches show of it is as it was.");
        }
        var isCheck = result["check"]!.GetValue<bool>();
        var (different, missing, superfluous) = (Number(result, "different"), Number(result, "missing"),
            Number(result, "superfluous"));
        var wrong = different + missing + superfluous;
        var json = (JsonObject)result.DeepClone();
        json.Remove("phase");
        json.Remove("failure");
        context.Screen.One(json, _ =>
        {
            foreach (var example in result["examples"]!.AsArray())
            {
                context.Screen.Verbatim($"  {example}");
            }
            context.Screen.Verbatim(wrong == 0
                ? $"{result["scope"]}: {Number(result, "equal"):N0} entries, all as the journal has them."
                : $"{result["scope"]}: {Number(result, "equal"):N0} entries equal, {different:N0} different, "
                    + $"{missing:N0} missing, {superfluous:N0} superfluous"
                    + (isCheck ? "; nothing was changed." : "; now all are as the journal has them."));
        });
        if (isCheck && wrong > 0)
        {
            context.Screen.Warn(
                ShellLine.Of("alloc projection rebuild", null, ("--scope", $"{result["scope"]}")) + " mends them.");
        }
        return isCheck && wrong > 0 ? ExitCode.Mismatch : ExitCode.Ok;
    }

    private static long Number(JsonObject result, string name) => result[name]!.GetValue<long>();
}
