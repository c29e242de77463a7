using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Alloc.Processors.Allocation;

/// <summary>The instruments of allocation on a meter.</summary>
internal sealed class AllocationInstruments
{
    /// <summary>The meter's name; an exporter listens to it.</summary>
    public const string MeterName = "Alloc.Allocation";

    private static readonly double[] LatenessBounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600];
    private static readonly double[] DurationBounds =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
    private static readonly double[] ConfirmationBounds =
        [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];

    public AllocationInstruments(Meter meter)
    {
        Commands = meter.CreateCounter<long>(
            "alloc_commands", null, "Commands answered, by kind, outcome and first reason of a rejection.");
        Duplicates = meter.CreateCounter<long>(
            "alloc_duplicate_commands", null, "Repeats of a command that were answered with the original's result.");
        HoldsCreated = meter.CreateCounter<long>(
            "alloc_holds_created", null, "Reservations that were granted units.");
        HoldsExpired = meter.CreateCounter<long>(
            "alloc_holds_expired", null, "Reservations whose held units expired.");
        Preemptions = meter.CreateCounter<long>(
            "alloc_preemptions", null, "Reservations that lost units to another, by both classes.");
        Promotions = meter.CreateCounter<long>(
            "alloc_promotions", null, "Waiters that were granted units, by class.");
        meter.CreateObservableGauge(
            "alloc_waitlist_entries", () => Read(p => p.Waiters), null, "Reservations that wait for units.");
        meter.CreateObservableGauge(
            "alloc_pool_deficit_units", () => Read(p => p.Deficit), null,
            "Units promised beyond supply and the greatest overbooking, over all pools.");
        meter.CreateObservableGauge(
            "alloc_hold_oldest_overdue", () => Read(p => p.OldestOverdueSeconds), "s",
            "How long the timer that is due first has been due; 0 when none is.");
        meter.CreateObservableGauge(
            "alloc_policy_version", () => Read(p => p.PolicyVersion), null, "Version of the policy in force.");
        meter.CreateObservableGauge(
            "alloc_policy_untaken", () => Read(p => p.PolicyUntakenSeconds), "s",
            "How long a partition has not taken the policy that was applied last; 0 when it has.");
        meter.CreateObservableGauge(
            "alloc_degraded_mode_active", ReadModes, null, "1 while a degraded mode is on.");
        PoliciesRefused = meter.CreateCounter<long>(
            "alloc_policies_refused", null,
            "Activations of policies that a partition refused, by first reason; each is worth a page.");
        SecondWriterSigns = meter.CreateCounter<long>(
            "alloc_second_writer_signs", null,
            "Outcomes that show another system deciding for a pool too, by what shows it; each is worth a page.");
        SupplyIgnored = meter.CreateCounter<long>(
            "alloc_supply_ignored", null, "Facts about supply that changed nothing, by reason.");
        ReleaseFailures = meter.CreateCounter<long>(
            "alloc_release_failures", null, "Releases that were rejected, by first reason.");
        ExpiryLateness = meter.CreateHistogram(
            "alloc_expiry_lateness", "s", "From the time a hold was due to the time of the record that expired it.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LatenessBounds });
        CommandDuration = meter.CreateHistogram(
            "alloc_command_duration", "s",
            "From a command's append to its log to the acknowledged commit of its outcome.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        ConfirmationDuration = meter.CreateHistogram(
            "alloc_confirmation_duration", "s",
            "From when a reservation was granted units to when some were confirmed, by channel; the first 20 channels, "
            + "all others as other.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = ConfirmationBounds });
        InvariantViolations = meter.CreateCounter<long>(
            "alloc_invariant_violations", null,
            "Decisions that contradicted the ledger and were dropped; each stops its partition and is worth a page.");
    }

    /// <summary>Those that every ledger of this process counts on.</summary>
    public static AllocationInstruments Shared { get; } = new(new Meter(MeterName));

    /// <summary>
    /// Those of a shadow. No exporter listens: what would have happened is not counted as happened.
    /// </summary>
    public static AllocationInstruments Unpublished { get; } = new(new Meter("Shadow.Allocation"));

    public Counter<long> Commands { get; }

    public Counter<long> Duplicates { get; }

    public Counter<long> HoldsCreated { get; }

    public Counter<long> HoldsExpired { get; }

    public Counter<long> Preemptions { get; }

    public Counter<long> Promotions { get; }

    /// <summary>How the partitions of this process stand; written by their tasks, read by an exporter.</summary>
    public ConcurrentDictionary<int, PartitionStanding> Partitions { get; } = [];

    public Counter<long> PoliciesRefused { get; }

    public Counter<long> SecondWriterSigns { get; }

    public Counter<long> SupplyIgnored { get; }

    public Counter<long> ReleaseFailures { get; }

    public Histogram<double> ExpiryLateness { get; }

    public Histogram<double> CommandDuration { get; }

    public Histogram<double> ConfirmationDuration { get; }

    public Counter<long> InvariantViolations { get; }

    /// <summary>Channels as labels.</summary>
    public BoundedNames Channels { get; } = new();

    private IEnumerable<Measurement<double>> Read(Func<PartitionStanding, double> figure) => Partitions.Select(
        p => new Measurement<double>(figure(p.Value), new KeyValuePair<string, object?>("partition", p.Key)));

    // A mode is on where any partition has it on: switching reaches all of them.
    private IEnumerable<Measurement<int>> ReadModes() => Partitions.Values.SelectMany(p => p.Modes).Distinct()
        .Select(mode => new Measurement<int>(1, new KeyValuePair<string, object?>("mode", mode)));
}

/// <summary>How a partition stands.</summary>
/// <param name="Waiters">Reservations that wait.</param>
/// <param name="Deficit">Units promised beyond supply and the greatest overbooking.</param>
/// <param name="OldestOverdueSeconds">How long the first timer has been due.</param>
/// <param name="PolicyVersion">The policy in force.</param>
/// <param name="PolicyUntakenSeconds">How long it has not taken the policy that was applied last.</param>
/// <param name="Modes">Degraded modes that are on.</param>
internal sealed record PartitionStanding(
    long Waiters, long Deficit, double OldestOverdueSeconds, int PolicyVersion, double PolicyUntakenSeconds,
    IReadOnlyList<string> Modes);
