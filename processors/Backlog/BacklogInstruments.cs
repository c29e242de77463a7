using System.Diagnostics.Metrics;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog;

/// <summary>
/// The instruments of the backlog on a meter: what the merger said last of each stage, once it is committed. Only the
/// instance that merges shows them.
/// </summary>
internal sealed class BacklogInstruments
{
    /// <summary>The meter's name; an exporter listens to it.</summary>
    public const string MeterName = "Alloc.Backlog";

    private readonly Lock gate = new();
    private object? shower;
    private IReadOnlyList<StageStatus> statuses = [];
    private IReadOnlyList<string> modes = [];

    public BacklogInstruments(Meter meter)
    {
        Gauge("alloc_stage_items", null, "Items that wait.", s => s.Waiting);
        Gauge("alloc_stage_breached_items", null, "Waiting items beyond the stage's SLA.", s => s.Breached);
        Gauge("alloc_stage_oldest_age", "s", "Age of the oldest waiting item; 0 when nothing waits.", s =>
            s.OldestEnteredAtMs is { } oldest ? Math.Max(0, s.AtMs - oldest) / 1000.0 : 0);
        Gauge("alloc_stage_sla", "s", "The stage's SLA.", s => s.SlaMs / 1000.0);
        Gauge(
            "alloc_stage_drain", "s", "Time until nothing waits at today's rates; infinite when that is never.",
            s => s.Drain is { } drain ? drain.EstimateMs / 1000.0 ?? double.PositiveInfinity : null);
        Gauge(
            "alloc_stage_holds_at_risk", null,
            "Holds of waiting items that are predicted to expire before it is their turn.", s => s.HoldsAtRisk);
        Gauge("alloc_stage_manual_review_items", null, "Waiting items in manual review.", s => s.InManualReview);
        Gauge(
            "alloc_stage_missing_partitions", null, "Partitions that have not been heard of for 15 s.",
            s => s.Missing.Count);
        Counter("alloc_stage_completed", "Items that left.", s => s.Completed);
        Counter("alloc_stage_completed_late", "Items that left after their SLA.", s => s.CompletedLate);
        Counter("alloc_stage_retries", "Attempts above the first that entered.", s => s.Retries);
        Counter("alloc_stage_compensations", "Items that left as Compensated.", s => s.Compensations);
        Counter("alloc_stage_duplicate_events", "Stage events that were known already.", s => s.Duplicates);
        Counter("alloc_stage_truncated", "Items that waited 30 days and were given up.", s => s.Truncated);
        // Modes of the ledger are shown by the ledger, where they act.
        meter.CreateObservableGauge<int>(
            "alloc_degraded_mode_active", ReadModes, null, "1 while a degraded mode is on.");

        void Gauge(string name, string? unit, string help, Func<StageStatus, double?> figure) =>
            meter.CreateObservableGauge<double>(name, () => Read(figure), unit, help);

        void Counter(string name, string help, Func<StageStatus, long> figure) =>
            meter.CreateObservableCounter<long>(name, () => Read(figure), null, help);
    }

    /// <summary>Those of this process.</summary>
    public static BacklogInstruments Shared { get; } = new(new Meter(MeterName));

    /// <summary>A merger shows what is committed.</summary>
    public void Show(object by, IReadOnlyList<StageStatus> committed, IReadOnlyList<string> workflowModes)
    {
        lock (gate)
        {
            (shower, statuses, modes) = (by, committed, workflowModes);
        }
    }

    /// <summary>A merger merges no more here; another may have begun.</summary>
    public void Withdraw(object by)
    {
        lock (gate)
        {
            if (shower == by)
            {
                (shower, statuses, modes) = (null, [], []);
            }
        }
    }

    private List<Measurement<double>> Read(Func<StageStatus, double?> figure)
    {
        lock (gate)
        {
            return [.. statuses.Select(s => (s.StageId, Value: figure(s))).Where(s => s.Value is not null)
                .Select(s => new Measurement<double>(s.Value!.Value, Tag("stage", s.StageId)))];
        }
    }

    private List<Measurement<long>> Read(Func<StageStatus, long> figure)
    {
        lock (gate)
        {
            return [.. statuses.Select(s => new Measurement<long>(figure(s), Tag("stage", s.StageId)))];
        }
    }

    private List<Measurement<int>> ReadModes()
    {
        lock (gate)
        {
            return [.. modes.Select(m => new Measurement<int>(1, Tag("mode", m)))];
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
