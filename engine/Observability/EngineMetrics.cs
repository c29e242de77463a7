using System.Diagnostics.Metrics;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Observability;

/// <summary>
/// The engine's instruments, on a meter of one application. Counters move once a batch or commit, never per record;
/// gauges are read when somebody looks.
/// </summary>
internal sealed class EngineMetrics : IDisposable
{
    /// <summary>The meter's name; an exporter listens to it.</summary>
    public const string MeterName = "Alloc.Engine";

    /// <summary>
    /// Readings within this time are of one scrape, which asks for each gauge on its own: they are taken once.
    /// </summary>
    private static readonly TimeSpan ScrapeTime = TimeSpan.FromMilliseconds(100);

    private readonly Meter meter;
    private readonly Func<EngineGauges> read;
    private readonly TimeProvider clock;
    private readonly Lock gate = new();
    private EngineGauges? gauges;
    private long readTimestamp;
    private readonly Counter<long> processed;
    private readonly Counter<long> deadLetters;
    private readonly Counter<long> transactions;
    private readonly Counter<long> ticks;
    private readonly Counter<long> late;
    private readonly Counter<long> unusual;
    private readonly Counter<long> recoveries;
    private readonly Counter<double> rests;
    private readonly Counter<long> wipes;
    private readonly Histogram<double> transactionDuration;
    private readonly Histogram<double> transactionRecords;
    private readonly KeyValuePair<string, object?> group;

    /// <param name="applicationId">The group; every instrument carries it.</param>
    /// <param name="read">Takes what the gauges show.</param>
    /// <param name="clock">What tells how old that is.</param>
    public EngineMetrics(string applicationId, Func<EngineGauges> read, TimeProvider clock)
    {
        this.read = read;
        this.clock = clock;
        group = new("group", applicationId);
        meter = new Meter(MeterName, null, [group]);
        processed = meter.CreateCounter<long>("alloc_records_processed", null, "Input records processed, by topic.");
        deadLetters = meter.CreateCounter<long>(
            "alloc_dead_letters", null,
            "Records written to a dead-letter topic, by where they came from and what is wrong: incomplete, invalid, "
            + "too-large, unknown, unreadable.");
        transactions = meter.CreateCounter<long>("alloc_transactions", null, "Transactions by how they ended.");
        unusual = meter.CreateCounter<long>(
            "alloc_unusual_records", null,
            "Records that were dropped or cut short, by kind: null-key, null-value, truncated, unknown-control.");
        late = meter.CreateCounter<long>(
            "alloc_late_records", null, "Records that came after their source's watermark and grace, by source.");
        ticks = meter.CreateCounter<long>("alloc_ticks", null, "Ticks appended to input partitions.");
        recoveries = meter.CreateCounter<long>(
            "alloc_recoveries", null, "Times a thread dropped uncommitted work and started again.");
        rests = meter.CreateCounter<double>(
            "alloc_rested", "s", "How long threads rested, by application, because decisions waited in the process.");
        wipes = meter.CreateCounter<long>(
            "alloc_state_wipes", null, "Times a task's damaged local state was wiped, to be restored from the log.");
        transactionDuration = meter.CreateHistogram<double>(
            "alloc_transaction_duration", "s", "From a transaction's first record to its acknowledged end.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
            });
        transactionRecords = meter.CreateHistogram<double>(
            "alloc_transaction_size_records", null, "Input records of a transaction.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000],
            });
        meter.CreateObservableGauge("alloc_consumer_lag_records", () => Gauges().LagRecords, null,
            "Records between the committed offset and the end of the log, fetched or not.");
        meter.CreateObservableGauge(
            "alloc_consumer_lag", () => Gauges().LagSeconds, "s",
            "Age of the oldest undecided record, fetched or not; while the end is not known, at least how long that "
            + "has been so.");
        meter.CreateObservableGauge(
            "alloc_consumer_stalled", () => Gauges().StalledSeconds, "s",
            "How long nothing was decided while records waited or the end was not known; 0 when neither is so.");
        meter.CreateObservableGauge(
            "alloc_watermark_lag", () => Gauges().WatermarkLagSeconds, "s",
            "How far the watermark of a source partition is behind the broker's clock; before the first, how long the "
            + "task has waited for it.");
        meter.CreateObservableGauge(
            "alloc_partition_unowned", () => Gauges().Unowned, null,
            "1 for an input partition that no instance has; every instance says so.");
        meter.CreateObservableGauge(
            "alloc_broker_silent", () => Gauges().BrokerSilentSeconds, "s",
            "How long this instance has heard nothing of Kafka; 0 while it answers.");
        meter.CreateObservableGauge(
            "alloc_task_wait", () => Gauges().WaitSeconds, "s",
            "How long a task has waited for something outside, such as the schema registry; 0 when it does not.");
        meter.CreateObservableGauge(
            "alloc_task_stopped", () => Gauges().Stopped, null,
            "1 for a task that a fault of the program stopped, 0 for one that works or waits.");
        meter.CreateObservableGauge(
            "alloc_consecutive_failures", () => Gauges().ConsecutiveFailures, null,
            "Failures in a row without progress in between, of the thread that has most.");
        meter.CreateObservableGauge("alloc_partition_skew", () => Gauges().SkewRatio, "ratio",
            "Largest partition lag over the mean; 1 is even.");
        meter.CreateObservableGauge("alloc_restore_remaining_records", () => Gauges().RestoreRemaining, null,
            "Changelog records still to restore.");
        meter.CreateObservableGauge(
            "alloc_stream_threads", () => Gauges().Threads, null, "Stream threads of this instance by state.");
        meter.CreateObservableGauge(
            "alloc_store_memory", () => Gauges().StoreMemoryBytes, "By", "Memory that the databases take.");
        meter.CreateObservableGauge(
            "alloc_store_unwritten_entries", () => Gauges().UnwrittenEntries, null,
            "Committed entries that are not in the database yet.");
    }

    public void RecordsProcessed(long count, string topic)
    {
        if (count > 0)
        {
            processed.Add(count, new KeyValuePair<string, object?>("topic", topic));
        }
    }

    public void DeadLetters(long count, string topic, BadRecordKind kind) =>
        deadLetters.Add(count, new("topic", topic), new("reason", BadRecordWords.Of(kind)));

    public void Unusual(long count, string kind) => unusual.Add(count, new KeyValuePair<string, object?>("kind", kind));

    public void Late(long count, string source) => late.Add(count, new KeyValuePair<string, object?>("source", source));

    public void TickAppended() => ticks.Add(1);

    public void Recovered(string reason) => recoveries.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Rested(TimeSpan time) => rests.Add(time.TotalSeconds);

    public void StateWiped(TaskId task) =>
        wipes.Add(1, new KeyValuePair<string, object?>("task", task.ToString()));

    public void Committed(int recordCount, TimeSpan duration)
    {
        transactions.Add(1, new KeyValuePair<string, object?>("result", "committed"));
        transactionDuration.Record(duration.TotalSeconds);
        transactionRecords.Record(recordCount);
    }

    public void CommitFailed() => transactions.Add(1, new KeyValuePair<string, object?>("result", "failed"));

    public void Dispose() => meter.Dispose();

    private EngineGauges Gauges()
    {
        lock (gate)
        {
            if (gauges is null || clock.GetElapsedTime(readTimestamp) > ScrapeTime)
            {
                gauges = read();
                readTimestamp = clock.GetTimestamp();
            }
            return gauges;
        }
    }
}

/// <summary>What the gauges show, taken when somebody looks.</summary>
internal sealed record EngineGauges(
    IReadOnlyList<Measurement<long>> LagRecords, IReadOnlyList<Measurement<double>> LagSeconds,
    IReadOnlyList<Measurement<double>> StalledSeconds, IReadOnlyList<Measurement<long>> Unowned,
    double BrokerSilentSeconds, IReadOnlyList<Measurement<double>> WaitSeconds,
    IReadOnlyList<Measurement<long>> Stopped, long ConsecutiveFailures, double SkewRatio, long RestoreRemaining,
    IReadOnlyList<Measurement<long>> Threads, long StoreMemoryBytes, long UnwrittenEntries,
    IReadOnlyList<Measurement<double>> WatermarkLagSeconds);
