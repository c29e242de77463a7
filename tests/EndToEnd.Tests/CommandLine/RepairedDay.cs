using System.Text.Json.Nodes;
using Alloc.Schemas.Reconciliation;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Two people who repair what reconciliation found in a day, until nothing is open.</summary>
internal static class RepairedDay
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Anna asks for all that is proposed, Ben approves what two must want; what is known is
    /// accepted.</summary>
    public static async Task UntilNothingIsOpenAsync(Deployment shop, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var open = await OpenAsync(shop);
            if (open.Count == 0)
            {
                return;
            }
            Assert.True(
                TimeProvider.System.GetElapsedTime(begun) < Deadline,
                string.Join('\n', open.Take(20).Select(m => m.ToJsonString())));
            if (open.Exists(m => Is(m, MismatchState.Proposed)))
            {
                await OkAsync(shop, "run", "--all", "--apply", "--yes", "--actor", "anna");
            }
            foreach (var mismatch in (await OpenAsync(shop)).Where(m => Is(m, MismatchState.Proposed)))
            {
                await OkAsync(shop, "approve", (string)mismatch["mismatchId"]!, "--actor", "ben");
            }
            foreach (var twice in open.Where(m => (string)m["class"]! == "DuplicateEffect"))
            {
                await OkAsync(shop, "accept", (string)twice["mismatchId"]!, "--actor", "ben");
            }
            await Task.Delay(Interval, cancellation);
        }
    }

    /// <summary>What the audit must say then.</summary>
    public static void Check(IReadOnlyCollection<MismatchEvent> audit)
    {
        var opened = audit.Where(e => e.Kind == MismatchEventKind.Opened).Select(e => e.Class).ToHashSet();
        Assert.Superset(
            new HashSet<string>(["MissedEvent", "ConfirmedForDeadOrder", "DuplicateEffect"]), opened);
        foreach (var mismatch in audit.Where(e => e.MismatchId.Length > 0).GroupBy(e => e.MismatchId))
        {
            var kinds = mismatch.Select(e => e.Kind).ToList();
            var isRepaired = kinds.Contains(MismatchEventKind.Repaired);
            Assert.InRange(kinds.Count(k => k == MismatchEventKind.RepairSent), isRepaired ? 1 : 0, 1);
            Assert.Contains(
                kinds[^1],
                (MismatchEventKind[])
                [
                    MismatchEventKind.Repaired, MismatchEventKind.ClosedBySelf, MismatchEventKind.Accepted,
                ]);
        }
        Assert.All(
            audit.Where(e => e is { Kind: MismatchEventKind.Approved, Class: "ConfirmedForDeadOrder" }),
            e => Assert.Equal("ben", e.Actor));
    }

    private static bool Is(JsonObject mismatch, MismatchState state) => (string)mismatch["state"]! == $"{state}";

    private static async Task<List<JsonObject>> OpenAsync(Deployment shop) =>
    [
        .. (await Asked.UntilAsync(shop, "v1/mismatches?limit=1000", _ => true))["mismatches"]!.AsArray()
            .OfType<JsonObject>().Where(m => !Is(m, MismatchState.Accepted)),
    ];

    private static async Task OkAsync(Deployment shop, params string[] arguments)
    {
        var run = await CommandLineRun.OfAsync(
            ["reconcile", .. arguments, "--reason", "the busiest day"], ("ALLOC_BOOTSTRAP", shop.Bootstrap),
            ("ALLOC_REGISTRY", shop.Registry), ("ALLOC_CONSOLE", shop.Console), ("ALLOC_TIMEOUT", "60s"));
        // What ended by itself in the meantime needs nobody any more.
        Assert.True(
            run.ExitCode == 0 || run.Out.Contains("it is closed", StringComparison.Ordinal)
                || run.Out.Contains("no repair is proposed", StringComparison.Ordinal), $"{run}");
    }
}
