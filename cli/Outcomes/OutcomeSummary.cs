using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;

namespace Alloc.Cli.Outcomes;

internal enum Mood
{
    Good,
    Neutral,
    Bad,
}

/// <summary>An outcome in a few words: what happened, to which reservation, how much.</summary>
internal sealed record OutcomeSummary(string Event, Mood Mood, string? ReservationId, string Detail)
{
    public static OutcomeSummary Of(AllocationOutcome outcome) => outcome.Event switch
    {
        AllocationOutcomeEvent.Held e => Held(e),
        AllocationOutcomeEvent.Waitlisted e => new("Waitlisted", Mood.Neutral, e.ReservationId, Join(
            $"{e.Quantity} wanted", Some(e.Ahead, "in line before it"),
            e.WaitUntilMs is { } until ? $"until {Words.Time(until)}" : "")),
        AllocationOutcomeEvent.Promoted e =>
            new("Promoted", Mood.Good, e.ReservationId, $"{e.Quantity} granted after waiting"),
        AllocationOutcomeEvent.Confirmed e => new("Confirmed", Mood.Good, e.ReservationId, Join(
            Some(e.Quantity, "confirmed"), Some(e.Reacquired, "reacquired"), Some(e.Released, "released"),
            Some(e.StillHeld, "still held"))),
        AllocationOutcomeEvent.Released e => new("Released", Mood.Neutral, e.ReservationId,
            e is { Held: 0, Confirmed: 0 } ? $"{StillWaits(outcome)}: {e.Reason}"
                : $"{Join(Some(e.Held, "held"), Some(e.Confirmed, "confirmed"))} given back: {e.Reason}"),
        AllocationOutcomeEvent.Expired e => new("Expired", Mood.Neutral, e.ReservationId,
            e.Quantity == 0 ? "it waits no longer" : $"{e.Quantity} given back"),
        AllocationOutcomeEvent.Preempted e =>
            new("Preempted", Mood.Bad, e.ReservationId, Join(
                $"{e.Quantity} taken by {e.By}" + (e.ByClass.Length > 0 ? $" of class {e.ByClass}" : ""),
                Some(e.Confirmed, "of them confirmed"), e.WaitsAgain ? "it waits again" : "")),
        AllocationOutcomeEvent.Consumed e => new("Consumed", Mood.Good, e.ReservationId, Join(
            Some(e.Quantity, "consumed"), Some(e.FromHeld, "from held"), Some(e.Orphaned, "orphaned"))),
        AllocationOutcomeEvent.Returned e => new("Returned", Mood.Neutral, e.ReservationId, Join(
            Some(e.Quantity, $"returned to {e.Disposition.ToString().ToLowerInvariant()}"),
            Some(e.Orphaned, "orphaned"))),
        AllocationOutcomeEvent.Extended e =>
            new("Extended", Mood.Good, e.ReservationId, $"until {Words.Time(e.ExpiresAtMs)}"
                + (e.ByMode.Length > 0 ? $" by mode {e.ByMode}" : "")),
        AllocationOutcomeEvent.Amended e => new("Amended", Mood.Good, e.ReservationId, Join(
            $"{e.Delta:+0;-0;0}", Some(e.Waiting, "of it waited for"), Some(e.Confirmed, "of it confirmed"))),
        AllocationOutcomeEvent.ReservationSplit e =>
            new("Split", Mood.Good, e.ReservationId, $"into {string.Join(", ", e.Parts)}"),
        AllocationOutcomeEvent.Reassigned e =>
            new("Reassigned", Mood.Good, e.ReservationId, "to " + Join(
                e.OrderRef is { } order ? $"order {order}" : "",
                e.CustomerRef is { } customer ? $"customer {customer}" : "")),
        AllocationOutcomeEvent.Imported e => new("Imported", Mood.Good, e.ReservationId, Join(
            Some(e.Held, "held"), Some(e.Confirmed, "confirmed"))),
        AllocationOutcomeEvent.Rejected e => new("Rejected", Mood.Bad, e.ReservationId,
            string.Join(", ", e.Reasons.Select(r => r.Code.ToString()))),
        AllocationOutcomeEvent.NoOp e => new("NoOp", Mood.Neutral, e.ReservationId,
            Words.Spaced(e.Why.ToString()) + (e.Tombstone ? ", later holds are refused" : "")),
        AllocationOutcomeEvent.Parked e =>
            new("Parked", Mood.Neutral, e.ReservationId, (outcome.After.Any(r => r.Held > 0)
                ? "waits for its confirmation until " : "waits for its hold until ") + Words.Time(e.DueAtMs)),
        AllocationOutcomeEvent.PendingApproval e =>
            new("PendingApproval", Mood.Neutral, e.ReservationId, "another person must approve"
                + (e.Operator.Length > 0 ? $" what {e.Operator} asked for" : "")
                + (e.DueAtMs is { } due ? $" until {Words.Time(due)}" : "")),
        AllocationOutcomeEvent.OrphanConsumed e =>
            new("OrphanConsumed", Mood.Bad, e.ReservationId, $"{e.Quantity} that no promise covers"),
        AllocationOutcomeEvent.OrphanReturned e =>
            new("OrphanReturned", Mood.Bad, e.ReservationId, $"{e.Quantity}, {e.Posted} posted"),
        _ => OfPool(outcome.Event),
    };

    /// <summary>One line of a history.</summary>
    public static JsonObject Row(AllocationOutcome outcome)
    {
        var summary = Of(outcome);
        return new JsonObject
        {
            ["outcome"] = $"{outcome.PoolId}#{outcome.Sequence}",
            ["sequence"] = outcome.Sequence,
            ["t"] = AvroJson.Time(outcome.TMs),
            ["event"] = summary.Event,
            ["reservation"] = summary.ReservationId,
            ["detail"] = summary.Detail,
            ["free"] = outcome.BalancesAfter.Free,
            ["held"] = outcome.BalancesAfter.Held,
            ["confirmed"] = outcome.BalancesAfter.Confirmed,
            ["consumed"] = outcome.BalancesAfter.Consumed,
            ["command"] = outcome.CommandId ?? outcome.CausedBy?.CommandId,
            ["duplicateOf"] = outcome.DuplicateOf,
            ["offset"] = outcome.Source.Offset,
        };
    }

    private static OutcomeSummary OfPool(AllocationOutcomeEvent body) => body switch
    {
        AllocationOutcomeEvent.SupplyApplied e => new("SupplyApplied", Mood.Good, null, Join(
            $"{e.Change:+0;-0;0} from {e.Source}", Some(e.Acknowledged, "acknowledged"),
            e.StockTake ? "stock-take" : "")),
        AllocationOutcomeEvent.SupplyIgnored e =>
            new("SupplyIgnored", Mood.Neutral, null, $"{e.Source}: {Words.Spaced(e.Why.ToString())}"),
        AllocationOutcomeEvent.SupplyParked e => new("SupplyParked", Mood.Bad, null,
            $"{e.Source} version {e.Version}: {e.Rebase:+0;-0;0} is more than drift allows"),
        AllocationOutcomeEvent.SupplyGap e =>
            new("SupplyGap", Mood.Bad, null, $"{e.Source}: {e.From} to {e.To} never came"),
        AllocationOutcomeEvent.Blocked e => new("Blocked", Mood.Neutral, null, $"{e.Quantity}: {e.Reason}"),
        AllocationOutcomeEvent.Unblocked e => new("Unblocked", Mood.Neutral, null, $"{e.Quantity}: {e.Reason}"),
        AllocationOutcomeEvent.PoolConfigured e => new("PoolConfigured", Mood.Good, null, Join(
            e.Settings.Kind.ToString().ToLowerInvariant(), e.Settings.Unit)),
        AllocationOutcomeEvent.PolicyActivated e => new("PolicyActivated", Mood.Good, null,
            $"version {e.Version}" + (e.InForce ? "" : $" from {Words.Time(e.EffectiveAtMs)} on")),
        AllocationOutcomeEvent.ModeChanged e =>
            new("ModeChanged", Mood.Neutral, null, $"{e.Mode} {(e.On ? "on" : "off")}"
                + (e.CapMs is { } cap ? $", cap {Duration.ShowMs(cap)}" : "")
                + (e.Pools.Count > 0 ? $", pools {string.Join(" and ", e.Pools)}" : "")
                + (e.Classes.Count > 0 ? $", classes {string.Join(" and ", e.Classes)}" : "")
                + $": {e.Reason}"),
        AllocationOutcomeEvent.AuthorityChanged e =>
            new("AuthorityChanged", Mood.Neutral, null, $"{e.Slice} is {e.Mode}, owner {e.Owner}, epoch {e.NewEpoch}"),
        AllocationOutcomeEvent.OverCommitted e =>
            new("OverCommitted", e.Deficit > 0 ? Mood.Bad : Mood.Good, null, $"deficit {e.Deficit}"),
        AllocationOutcomeEvent.Repaired e => new("Repaired", Mood.Good, e.ReservationId,
            $"{e.Action} of mismatch {e.MismatchId}, approved by {e.Approver}"),
        _ => new(body.GetType().Name, Mood.Neutral, null, ""),
    };

    private static OutcomeSummary Held(AllocationOutcomeEvent.Held held)
    {
        var granted = held.Lines.Sum(l => l.Granted);
        var requested = held.Lines.Sum(l => l.Requested);
        return new(
            "Held",
            Mood.Good,
            held.Lines.Count == 1 ? held.Lines[0].ReservationId : string.Join(
                ", ", held.Lines.Select(l => l.ReservationId)),
            granted == requested ? $"{granted}" : $"{granted} of {requested} asked for");
    }

    private static string StillWaits(AllocationOutcome outcome) =>
        outcome.After is [{ Waiting: > 0 and var waiting }] ? $"it waits for {waiting} only" : "it waits no longer";

    private static string Some(long quantity, string word) => quantity == 0 ? "" : $"{quantity} {word}";

    private static string Join(params string[] parts)
    {
        var said = parts.Where(p => p.Length > 0).ToList();
        return said.Count == 0 ? "nothing" : string.Join(", ", said);
    }
}
