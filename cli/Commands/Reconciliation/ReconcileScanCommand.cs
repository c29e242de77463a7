using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary>
/// <c>alloc reconcile scan</c>: compares what searches have with the ledger, both at one offset of the journal. What
/// differs becomes a mismatch.
/// </summary>
internal static class ReconcileScanCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>Times that no instance knows of a scan before it is given up: the one that had it is gone.</summary>
    private const int MissesAtMost = 25;

    private static readonly Option<string?> Pool = new("--pool")
    {
        Description = "Only this pool",
        HelpName = "id",
    };

    private static readonly Option<int?> Partition = new Option<int?>("--partition")
    {
        Description = "Only this partition; all of them if neither is given",
        HelpName = "number",
    }.Within(0);

    private static readonly Column[] Columns =
    [
        Column.Text("pool", "poolId"), Column.Text("reservation", "reservationId"),
        Column.Number("differing", "differing"), Column.Text("ledger", "ledger"), Column.Text("searches", "search"),
    ];

    public static Command Create() =>
        new Command("scan", "Compare what searches have with the ledger, at one offset; 5 when something differs")
            .Takes(Pool, Partition, ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Get(Pool) is not null && context.Get(Partition) is not null)
        {
            throw AllocException.Usage("--pool and --partition contradict each other.", "Leave one of them out.");
        }
        using var console = JsonHttp.Console(context);
        var scopes = await ScopesAsync(context, console, cancellation).ConfigureAwait(false);
        var ids = new List<string>();
        foreach (var scope in scopes)
        {
            var begun = await console.PostAsync(
                $"v1/projection/scan?scope={Uri.EscapeDataString(scope)}", cancellation).ConfigureAwait(false);
            ids.Add(begun["id"]!.GetValue<string>());
        }
        var started = context.Time.GetTimestamp();
        var scans = await WaitAsync(context, console, ids, cancellation).ConfigureAwait(false);
        if (context.Get(Pool) is { } known && scans.TrueForAll(s => Phase(s) == "Done" && Sum([s], "entries") == 0)
            && scans.TrueForAll(s => s["findings"]!.AsArray().Count == 0))
        {
            throw AllocException.NotFound($"Pool {known} is unknown: neither the ledger nor searches have it.");
        }
        return Tell(context, scans, context.Time.GetElapsedTime(started));
    }

    private static async Task<IReadOnlyList<string>> ScopesAsync(
        CommandContext context, JsonHttp console, CancellationToken cancellation)
    {
        if (context.Get(Pool) is { } pool)
        {
            return [$"pool/{pool}"];
        }
        if (context.Get(Partition) is { } partition)
        {
            return [Scope(partition)];
        }
        var status = await console.GetAsync("v1/projection", cancellation).ConfigureAwait(false);
        if (!status["complete"]!.GetValue<bool>())
        {
            throw AllocException.Unavailable(
                "Not every instance answers, and which partitions there are is not known.",
                "Give --partition, or run it again when all answer.");
        }
        var partitions = status["instances"]!.AsArray().SelectMany(i => i!["partitions"]!.AsArray())
            .Select(p => p!["partition"]!.GetValue<int>()).Distinct().Order().ToList();
        return partitions.Count > 0
            ? partitions.ConvertAll(Scope)
            : throw AllocException.Unavailable("No instance has a partition of the search ready.");
    }

    private static string Scope(int partition) => string.Create(
        CultureInfo.InvariantCulture, $"partition/{partition}");

    private static async Task<List<JsonObject>> WaitAsync(
        CommandContext context, JsonHttp console, List<string> ids, CancellationToken cancellation)
    {
        var progress = new ProgressLine(context.Host, "entries");
        using var poll = new PeriodicTimer(Look, context.Time);
        var misses = 0;
        try
        {
            while (true)
            {
                var status = await console.GetAsync("v1/projection", cancellation).ConfigureAwait(false);
                var found = status["instances"]!.AsArray().SelectMany(i => i!["scans"]?.AsArray() ?? [])
                    .OfType<JsonObject>().Where(s => ids.Contains(s["id"]!.GetValue<string>())).ToList();
                misses = found.Count < ids.Count ? misses + 1 : 0;
                if (misses > MissesAtMost)
                {
                    throw AllocException.Unavailable(
                        "An instance that compared was stopped or started again; nothing is known of its partition.",
                        "Run it again.");
                }
                if (found.Count == ids.Count && found.TrueForAll(s => Phase(s) is "Done" or "Failed"))
                {
                    return [.. ids.Select(id => found.Find(s => s["id"]!.GetValue<string>() == id)!)];
                }
                progress.Show(Doing(found, ids.Count), Sum(found, "entries"), Sum(found, "total"));
                await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            progress.Clear();
        }
    }

    private static string Doing(List<JsonObject> scans, int count)
    {
        var done = scans.Count(s => Phase(s) is "Done" or "Failed");
        var what = scans.Exists(s => Phase(s) == "Comparing") ? "comparing"
            : scans.Exists(s => Phase(s) == "Asking") ? "the ledger reads" : "waiting";
        return count == 1 ? what : $"{what}, {done}/{count}";
    }

    private static int Tell(CommandContext context, List<JsonObject> scans, TimeSpan took)
    {
        var failed = scans.Where(s => Phase(s) == "Failed").ToList();
        var findings = scans.SelectMany(s => s["findings"]!.AsArray()).Select(f => f!.DeepClone().AsObject()).ToList();
        var answer = new JsonObject
        {
            ["entries"] = Sum(scans, "entries"),
            ["differing"] = Sum(scans, "differing"),
            ["findings"] = new JsonArray([.. findings]),
            ["scans"] = new JsonArray([.. scans.Select(Summary)]),
        };
        context.Screen.One(answer, _ =>
        {
            if (findings.Count > 0)
            {
                context.Screen.Rows(findings.ConvertAll(f => f.DeepClone().AsObject()), Columns);
            }
            context.Screen.Verbatim(
                $"{Sum(scans, "entries"):N0} entries compared in {Duration.Show(took)}, "
                + (findings.Count == 0
                    ? "all as the ledger has them."
                    : $"{Sum(scans, "differing"):N0} are others than in the ledger."));
        });
        foreach (var scan in failed)
        {
            context.Screen.Warn($"{scan["scope"]} was not compared: {scan["failure"]}");
        }
        if (findings.Count > 0)
        {
            context.Screen.Warn(
                "alloc reconcile list --class ProjectionDrift has them in a moment, and what becomes of them.");
        }
        return failed.Count > 0 ? ExitCode.Failure : findings.Count > 0 ? ExitCode.Mismatch : ExitCode.Ok;
    }

    private static JsonNode Summary(JsonObject scan)
    {
        var summary = scan.DeepClone().AsObject();
        summary.Remove("findings");
        return summary;
    }

    private static string Phase(JsonObject scan) => scan["phase"]!.GetValue<string>();

    private static long Sum(IEnumerable<JsonObject> scans, string name) =>
        scans.Sum(s => s[name]?.GetValue<long>() ?? 0);
}
