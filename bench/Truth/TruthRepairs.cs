using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Client;
using Alloc.Replay.Shop;
using Alloc.Schemas.Reconciliation;
using Confluent.SchemaRegistry;

namespace Alloc.Bench.Truth;

/// <summary>
/// Two people who look at what was found: one asks for every repair that is proposed, the other approves what two must
/// want, and what no rule repairs its owner settles, or they say that it is known.
/// </summary>
internal sealed class TruthRepairs(
    BenchRun run, AllocClientOptions settings, ISchemaRegistryClient registry, RoleProcesses roles, long seed)
{
    private const string First = "anna";
    private const string Second = "ben";
    private const string Reason = "the proof of reconciliation";
    private int decided;

    /// <summary>The newest word on each mismatch that is not closed.</summary>
    public List<Mismatch> Open(CancellationToken cancellation) =>
        [.. Rows(cancellation).GroupBy(r => r.MismatchId, StringComparer.Ordinal).Select(g => g.Last()).Where(IsOpen)];

    /// <summary>Asks for everything that is proposed, as the command does.</summary>
    public Task RunAllAsync(CancellationToken cancellation) => AllocCommand.RunAsync(
        settings, cancellation, "reconcile", "run", "--all", "--apply", "--yes", "--reason", Reason, "--actor", First,
        "--console", roles.Console, "--timeout", "10m", "-o", "json");

    /// <summary>The other person approves what the first asked for.</summary>
    public void ApproveSecond(CancellationToken cancellation) => Decide(
        DecisionKind.Approve, Second,
        Open(cancellation).Where(m => m is { State: MismatchState.Proposed, Repair.NeedsSecondApprover: true }));

    /// <summary>Says of some that they are known.</summary>
    public void Accept(IEnumerable<Mismatch> mismatches) => Decide(DecisionKind.Accept, Second, mismatches);

    /// <summary>What the audit says of repairs.</summary>
    public JsonObject Audit(CancellationToken cancellation)
    {
        var events = WholeTopic.Read<MismatchEvent>(settings, registry, "reconciliation.events", cancellation);
        var sent = events.Where(e => e.Kind == MismatchEventKind.RepairSent)
            .GroupBy(e => e.MismatchId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count());
        return new JsonObject
        {
            ["sent"] = sent.Values.Sum(),
            ["sentMoreThanOnce"] = sent.Count(s => s.Value > 1),
            ["refused"] = events.Count(e => e.Kind == MismatchEventKind.RepairRefused),
            ["unproven"] = events.Count(e => e.Kind == MismatchEventKind.RepairUnproven),
            ["repaired"] = events.Count(e => e.Kind == MismatchEventKind.Repaired),
            ["closedBySelf"] = events.Count(e => e.Kind == MismatchEventKind.ClosedBySelf),
            ["accepted"] = events.Count(e => e.Kind == MismatchEventKind.Accepted),
            ["decisionsRefused"] = events.Count(e => e.Kind == MismatchEventKind.DecisionRefused),
        };
    }

    /// <summary>Goods that the ledger consumed once more and that never left: no movement will come.</summary>
    public static bool NeverLeft(Mismatch mismatch) => mismatch.Scope is { Kind: "movement", Id: var id }
        && id.EndsWith(OrderLife.Again, StringComparison.Ordinal);

    /// <summary>What some mismatches wait for, how many of each, and one of them.</summary>
    public static string Describe(IEnumerable<Mismatch> mismatches) => string.Join("; ", mismatches
        .GroupBy(m => (m.Class, m.State, m.Repair?.Kind, IsAsked: m.ProposedBy is not null))
        .Select(g => string.Create(
            CultureInfo.InvariantCulture,
            $"{g.Count():N0} {g.Key.Class} {g.Key.State}, repair {g.Key.Kind?.ToString() ?? "none"}, asked for: "
            + $"{g.Key.IsAsked}, such as {g.First().MismatchId}")));

    private void Decide(DecisionKind kind, string actor, IEnumerable<Mismatch> mismatches)
    {
        using var sender = new RecordSender<RepairDecision>(settings, registry, "reconciliation.commands", false);
        foreach (var mismatch in mismatches)
        {
            sender.Send(mismatch.MismatchId, new RepairDecision
            {
                DecisionId = string.Create(CultureInfo.InvariantCulture, $"truth-{seed}/{++decided}"),
                MismatchId = mismatch.MismatchId,
                Kind = kind,
                Actor = actor,
                Reason = Reason,
                DecidedAtMs = run.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            });
        }
        sender.Flush();
    }

    private IReadOnlyList<Mismatch> Rows(CancellationToken cancellation) =>
        WholeTopic.Read<Mismatch>(settings, registry, "reconciliation.mismatches", cancellation);

    private static bool IsOpen(Mismatch mismatch) => mismatch.State is not (
        MismatchState.Repaired or MismatchState.ClosedBySelf or MismatchState.Accepted);
}
