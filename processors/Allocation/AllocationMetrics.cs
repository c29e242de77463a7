using System.Diagnostics.Metrics;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation;

/// <summary>
/// What was decided, in business terms. Outcomes are tallied in plain numbers and published once an interval, so that a
/// decision costs no call into the metrics. A decision that is dropped with its transaction and taken again counts twice;
/// the journal, not a metric, is the record of what happened.
/// </summary>
internal sealed class AllocationMetrics
{
    /// <summary>The meter's name; an exporter listens to it.</summary>
    public const string MeterName = "Alloc.Allocation";

    /// <summary>How often tallies are published.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Commands = Meter.CreateCounter<long>(
        "alloc_commands", null, "Commands answered, by kind, outcome and first reason of a rejection.");
    private static readonly Counter<long> Duplicates = Meter.CreateCounter<long>(
        "alloc_duplicate_commands", null, "Repeats of a command that were answered with the original's result.");
    private static readonly Counter<long> HoldsCreated = Meter.CreateCounter<long>(
        "alloc_holds_created", null, "Reservations that were granted units.");
    private static readonly Counter<long> HoldsExpired = Meter.CreateCounter<long>(
        "alloc_holds_expired", null, "Reservations whose held units expired.");
    private static readonly Counter<long> SupplyIgnored = Meter.CreateCounter<long>(
        "alloc_supply_ignored", null, "Facts about supply that changed nothing, by reason.");
    private static readonly Counter<long> ReleaseFailures = Meter.CreateCounter<long>(
        "alloc_release_failures", null, "Releases that were rejected, by first reason.");
    private static readonly Histogram<double> ExpiryLateness = Meter.CreateHistogram<double>(
        "alloc_expiry_lateness", "s", "From the time a hold was due to the time of the record that expired it.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600] });

    private readonly Dictionary<(CommandKind Command, string Outcome, ReasonCode Reason), long> commands = [];
    private readonly Dictionary<CommandKind, long> duplicates = [];
    private readonly Dictionary<SupplyIgnoredWhy, long> supplyIgnored = [];
    private readonly List<double> lateness = [];
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
            var reason = outcome.Event is AllocationOutcomeEvent.Rejected { Reasons: [var first, ..] } ? first.Code : ReasonCode.Unknown;
            Increment(commands, (outcome.CommandKind, outcome.Event.GetType().Name, reason));
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
            case AllocationOutcomeEvent.SupplyIgnored ignored:
                Increment(supplyIgnored, ignored.Why);
                break;
            default:
                break;
        }
    }

    /// <summary>Publishes what was tallied since the last time.</summary>
    public void Publish()
    {
        foreach (var ((command, outcome, reason), count) in commands)
        {
            var why = reason == ReasonCode.Unknown ? "" : reason.ToString();
            Commands.Add(count, new("command", command.ToString()), new("outcome", outcome), new("reason", why));
            if (command == CommandKind.Release && why.Length > 0)
            {
                ReleaseFailures.Add(count, new KeyValuePair<string, object?>("reason", why));
            }
        }
        foreach (var (command, count) in duplicates)
        {
            Duplicates.Add(count, new KeyValuePair<string, object?>("kind", command.ToString()));
        }
        foreach (var (why, count) in supplyIgnored)
        {
            SupplyIgnored.Add(count, new KeyValuePair<string, object?>("reason", why.ToString()));
        }
        foreach (var seconds in lateness)
        {
            ExpiryLateness.Record(seconds);
        }
        HoldsCreated.Add(holdsCreated);
        HoldsExpired.Add(holdsExpired);
        commands.Clear();
        duplicates.Clear();
        supplyIgnored.Clear();
        lateness.Clear();
        holdsCreated = holdsExpired = 0;
    }

    private static void Increment<TKey>(Dictionary<TKey, long> tally, TKey key)
        where TKey : notnull
    {
        tally[key] = tally.GetValueOrDefault(key) + 1;
    }
}
