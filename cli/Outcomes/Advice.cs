using System.Text.Json.Nodes;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Outcomes;

/// <summary>What who reads an outcome can do about it: what would have passed, or what comes next.</summary>
/// <param name="Kind">How to read the text: <c>would pass</c> or <c>next</c>.</param>
/// <param name="Reason">The reason that it is about; null where an outcome has none.</param>
/// <param name="Text">In words.</param>
internal sealed record Advice(string Kind, ReasonCode? Reason, string Text)
{
    private const string Next = "next";

    /// <summary>About an outcome; none where everything is said.</summary>
    public static IReadOnlyList<Advice> Of(AllocationOutcome outcome) =>
        outcome.Event is AllocationOutcomeEvent.Rejected rejected
            ? Of(rejected.Reasons, outcome.Decision)
            : OfEvent(outcome) is { } text ? [new Advice(Next, null, text)] : [];

    /// <summary>About the reasons of a rejection.</summary>
    public static IReadOnlyList<Advice> Of(IReadOnlyList<Reason> reasons, IReadOnlyList<DecisionStep> steps) =>
        [.. reasons.Select(r => (r.Code, Text: Remedies.Of(r, steps))).Where(r => r.Text is not null)
            .Select(r => new Advice("would pass", r.Code, r.Text!))];

    /// <summary>As data: <c>wouldPass</c> or <c>next</c>, the reason, the text.</summary>
    public JsonObject Json() => new()
    {
        ["kind"] = Kind == Next ? Next : "wouldPass",
        ["reason"] = Reason?.ToString(),
        ["text"] = Text,
    };

    private static string? OfEvent(AllocationOutcome outcome) => outcome.Event switch
    {
        AllocationOutcomeEvent.Waitlisted waiting => Waiting(outcome, waiting),
        AllocationOutcomeEvent.Expired { Quantity: 0 } => "a new hold under a new reservation id: it waited too long",
        AllocationOutcomeEvent.Expired => "a new hold under a new reservation id: nobody confirmed it in time",
        AllocationOutcomeEvent.Preempted preempted => Preempted(outcome, preempted),
        AllocationOutcomeEvent.Parked parked =>
            $"what it needs first (a hold, or its confirmation) by {Words.Time(parked.DueAtMs)}; then it is decided "
            + "without",
        AllocationOutcomeEvent.PendingApproval =>
            "another person says: "
            + ShellLine.Of("alloc approve", outcome.CommandId, ("--pool", outcome.PoolId)),
        AllocationOutcomeEvent.OrphanConsumed =>
            "a look at who took the units: no promise covers them. If they came back, a return says so",
        AllocationOutcomeEvent.OrphanReturned =>
            "a look at where the units came from: no consumption of this reservation covers them",
        AllocationOutcomeEvent.OverCommitted { Deficit: > 0 } over =>
            $"{Words.Units(over.Deficit)} more by supply or releases: until then nothing is granted",
        AllocationOutcomeEvent.SupplyParked =>
            "a second count that agrees, or an approver who accepts this one: it differs by more than drift allows",
        AllocationOutcomeEvent.SupplyGap gap =>
            $"the facts {gap.From} to {gap.To}, or a count (alloc pool supply set): the source {gap.Source} never "
            + "sent them",
        AllocationOutcomeEvent.SupplyIgnored ignored => Ignored(ignored),
        _ => null,
    };

    private static string Ignored(AllocationOutcomeEvent.SupplyIgnored ignored) => ignored.Why switch
    {
        SupplyIgnoredWhy.Duplicate => "nothing: this fact was counted before, once",
        SupplyIgnoredWhy.Reflected => "nothing: a count that is newer has this fact inside already",
        SupplyIgnoredWhy.Stale => "a count that is newer than the last one that was taken",
        SupplyIgnoredWhy.Conflict => "another version: this one was used for a count with other content",
        SupplyIgnoredWhy.NotSnapshotSource =>
            "the pool's own source, or "
            + ShellLine.Of("alloc pool configure", "POOL", ("--snapshot-source", ignored.Source))
            + ": only that one is counted by",
        _ => "a newer version of alloc, which knows why",
    };

    private static string Preempted(AllocationOutcome outcome, AllocationOutcomeEvent.Preempted preempted)
    {
        var row = outcome.Decision.FirstOrDefault(s => s.Rule == DecisionRule.Preemption && s.Row.Length > 0)?.Row;
        var why = row is null ? "" : $" (the policy's row {row})";
        return preempted.WaitsAgain
            ? $"nothing: it waits at its old place and is granted again when units are free{why}"
            : $"a new hold under a new reservation id: a higher class needed the units{why}";
    }

    private static string Waiting(AllocationOutcome outcome, AllocationOutcomeEvent.Waitlisted waiting)
    {
        var step = outcome.Decision.LastOrDefault(
            s => s is { Rule: DecisionRule.Availability, Result: RuleResult.Failed });
        var available = step?.Numbers.FirstOrDefault(n => n.Name == NumberName.Available)?.Value;
        var missing = available is { } units && waiting.Quantity > units && units > waiting.Quantity - long.MaxValue
            ? $"when {Words.Units(waiting.Quantity - units)} more can be had by its class"
            : "when its quota has room and nobody is before it";
        var line = waiting.Ahead > 0 ? $", after {waiting.Ahead} in line before it" : "";
        return $"it is granted{line} {missing}: by releases, expiries or supply";
    }
}
