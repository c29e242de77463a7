using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation;

/// <summary>
/// What was decided, in business terms. Outcomes are tallied in plain numbers and published once an interval, so that a
/// decision costs no call into the metrics. A decision that is dropped with its transaction and taken again counts
/// twice; the journal, not a metric, is the record of what happened.
/// </summary>
internal sealed class AllocationMetrics(AllocationInstruments instruments)
{
    /// <summary>How often tallies are published.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Told from the start, so that an alert sees the first one as an increase.
    private static readonly ReasonCode[] PolicyRefusals = [ReasonCode.PolicyConflict, ReasonCode.InvalidPolicy];

    private readonly Dictionary<(CommandKind Command, string Outcome, ReasonCode Reason), long> commands = [];
    private readonly Dictionary<CommandKind, long> duplicates = [];
    private readonly Dictionary<SupplyIgnoredWhy, long> supplyIgnored = [];
    private readonly Dictionary<ReasonCode, long> policiesRefused = [];
    private readonly long[] secondWriterSigns = new long[Enum.GetValues<SecondWriterSign>().Length];
    private readonly List<double> lateness = [];
    private readonly List<(string? Channel, double Seconds)> confirmations = [];
    private readonly Dictionary<(string Class, string By), long> preemptions = [];
    private readonly Dictionary<string, long> promotions = [];
    private readonly Queue<(long Offset, long AppendedAtMs)> uncommitted = [];
    private long holdsCreated;
    private long holdsExpired;

    /// <summary>Tallies one outcome.</summary>
    public void Count(AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null)
        {
            Increment(duplicates, outcome.CommandKind);
            return;
        }
        if (outcome.CommandId is not null)
        {
            var reason = outcome.Event is AllocationOutcomeEvent.Rejected { Reasons: [var first, ..] }
                ? first.Code
                : ReasonCode.Unknown;
            Increment(commands, (outcome.CommandKind, outcome.Event.GetType().Name, reason));
            if (outcome.CommandKind == CommandKind.PolicyActivate && reason != ReasonCode.Unknown)
            {
                Increment(policiesRefused, reason);
            }
        }
        if (SecondWriter.SignOf(outcome) is { } sign)
        {
            secondWriterSigns[(int)sign]++;
        }
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.Held held:
                holdsCreated += held.Lines.Count;
                break;
            case AllocationOutcomeEvent.Expired expired:
                holdsExpired++;
                lateness.Add((outcome.TMs - expired.ExpiresAtMs) / 1000.0);
                break;
            case AllocationOutcomeEvent.Confirmed { Quantity: > 0 }:
                if (outcome.After is [{ HeldAtMs: { } heldAtMs } reservation, ..])
                {
                    confirmations.Add((reservation.Channel, (outcome.TMs - heldAtMs) / 1000.0));
                }
                break;
            case AllocationOutcomeEvent.Preempted preempted:
                Increment(preemptions, (outcome.After.Count > 0 ? outcome.After[0].Class : "", preempted.ByClass));
                break;
            case AllocationOutcomeEvent.Promoted promoted:
                Increment(promotions, promoted.Class);
                break;
            case AllocationOutcomeEvent.SupplyIgnored ignored:
                Increment(supplyIgnored, ignored.Why);
                break;
            default:
                break;
        }
    }

    /// <summary>A decision contradicted the ledger: told at once, for its task stops.</summary>
    public void Violated() => instruments.InvariantViolations.Add(1);

    /// <summary>A command was answered; how long that took shows when the answer is committed.</summary>
    /// <param name="offset">The command's offset.</param>
    /// <param name="appendedAtMs">When the log took it.</param>
    public void Answered(long offset, long appendedAtMs) => uncommitted.Enqueue((offset, appendedAtMs));

    /// <summary>The answers to all commands before an offset are committed.</summary>
    public void Committed(long nextOffset, long nowMs)
    {
        while (uncommitted.TryPeek(out var command) && command.Offset < nextOffset)
        {
            uncommitted.Dequeue();
            instruments.CommandDuration.Record(Math.Max(0, nowMs - command.AppendedAtMs) / 1000.0);
        }
    }

    /// <summary>Publishes what was tallied since the last time.</summary>
    public void Publish()
    {
        foreach (var ((command, outcome, reason), count) in commands)
        {
            var why = reason == ReasonCode.Unknown ? "" : reason.ToString();
            instruments.Commands.Add(
                count, new("command", command.ToString()), new("outcome", outcome), new("reason", why));
            if (command == CommandKind.Release && why.Length > 0)
            {
                instruments.ReleaseFailures.Add(count, new KeyValuePair<string, object?>("reason", why));
            }
        }
        foreach (var (command, count) in duplicates)
        {
            instruments.Duplicates.Add(count, new KeyValuePair<string, object?>("kind", command.ToString()));
        }
        foreach (var (why, count) in supplyIgnored)
        {
            instruments.SupplyIgnored.Add(count, new KeyValuePair<string, object?>("reason", why.ToString()));
        }
        foreach (var reason in PolicyRefusals)
        {
            policiesRefused.TryAdd(reason, 0);
        }
        foreach (var (reason, count) in policiesRefused)
        {
            instruments.PoliciesRefused.Add(count, new KeyValuePair<string, object?>("reason", reason.ToString()));
        }
        for (var sign = 0; sign < secondWriterSigns.Length; sign++)
        {
            instruments.SecondWriterSigns.Add(
                secondWriterSigns[sign],
                new KeyValuePair<string, object?>("sign", ((SecondWriterSign)sign).ToString()));
        }
        Array.Clear(secondWriterSigns);
        foreach (var seconds in lateness)
        {
            instruments.ExpiryLateness.Record(seconds);
        }
        foreach (var (channel, seconds) in confirmations)
        {
            instruments.ConfirmationDuration.Record(
                seconds, new KeyValuePair<string, object?>("channel", instruments.Channels.Of(channel)));
        }
        foreach (var ((priorityClass, by), count) in preemptions)
        {
            instruments.Preemptions.Add(count, new("class", priorityClass), new("by", by));
        }
        foreach (var (priorityClass, count) in promotions)
        {
            instruments.Promotions.Add(count, new KeyValuePair<string, object?>("class", priorityClass));
        }
        instruments.HoldsCreated.Add(holdsCreated);
        instruments.HoldsExpired.Add(holdsExpired);
        instruments.InvariantViolations.Add(0);
        commands.Clear();
        duplicates.Clear();
        supplyIgnored.Clear();
        policiesRefused.Clear();
        lateness.Clear();
        confirmations.Clear();
        preemptions.Clear();
        promotions.Clear();
        holdsCreated = holdsExpired = 0;
    }

    private static void Increment<TKey>(Dictionary<TKey, long> tally, TKey key)
        where TKey : notnull
    {
        tally[key] = tally.GetValueOrDefault(key) + 1;
    }
}
