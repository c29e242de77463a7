using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Topology;
using Alloc.Engine.Watermarks;

namespace Engine.Tests.Support;

/// <summary>
/// The smallest use of watermarks: what begins on the left must end on the right within a time, else it is reported as
/// missed, once, when the right is known beyond that. A value is that time in milliseconds; what comes on the left
/// later than its watermark less <see cref="GraceMs"/> is late. "bad" on the right is a dead letter, at its end.
/// </summary>
internal sealed class WatchTopology(string left, string right, string missed)
{
    public const string StoreName = "open";
    public const string TimersName = "due";
    public const long GraceMs = 1_000;

    /// <summary>Who writes the right side; null for others.</summary>
    public SourceUpstream? RightUpstream { get; init; }

    /// <summary>Sources whose silence is claimed; the right one by default.</summary>
    public IReadOnlyList<string> Claims { get; init; } = [right];

    /// <summary>
    /// Whether a record on the right that is older than its watermark is reported as late; it is taken all the same.
    /// </summary>
    public bool ReportsLateRight { get; init; }

    /// <summary>Set to make the closing of a key "wait" fail as a dependency would.</summary>
    public bool IsDependencyDown { get; set; }

    public Topology Build() => new TopologyBuilder()
        .UseWatermarks()
        .AddSource("left", left, Serdes.Utf8, Serdes.Utf8)
        .AddSource("right", right, Serdes.Utf8, Serdes.Utf8, new SourceOptions
        {
            Upstream = RightUpstream,
            DeadLetterTopic = $"{missed}.dlq",
        })
        .AddProcessor("watch", () => new Watch(this, left, right), "left", "right")
        .AddStateStore(StoreDefinition.KeyValue(StoreName, 1, Serdes.Utf8, Serdes.Utf8), "watch")
        .AddStateStore(StoreDefinition.TimeIndex(TimersName, 2, Serdes.Utf8), "watch")
        .AddSink("missed", missed, Serdes.Utf8, Serdes.Utf8,
            new SinkOptions { Partitioning = SinkPartitioning.TaskPartition }, "watch")
        .Build();

    private sealed class Watch(WatchTopology topology, string left, string right)
        : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;
        private IKeyValueStore<string, string> open = null!;
        private ITimeIndex<string> due = null!;
        private IWatermarkTimer timer = null!;

        public void Init(IProcessorContext<string, string> processorContext)
        {
            context = processorContext;
            open = context.GetStore<IKeyValueStore<string, string>>(StoreName);
            due = context.GetStore<ITimeIndex<string>>(TimersName);
            timer = context.CreateWatermarkTimer(topology.Claims, Close);
            SetTimer();
        }

        public void Process(in Record<string, string> record)
        {
            if (context.Metadata!.Value.Topic == left)
            {
                if (IsLate(left, record.TimestampMs + GraceMs))
                {
                    context.ReportLate(left);
                    return;
                }
                var dueAtMs = record.TimestampMs + long.Parse(record.Value, CultureInfo.InvariantCulture);
                open.Put(record.Key, dueAtMs.ToString(CultureInfo.InvariantCulture));
                due.Add(dueAtMs, record.Key);
            }
            else
            {
                End(record.Key, record.TimestampMs);
            }
            SetTimer();
            if (record.Value == "bad")
            {
                throw new BadRecordException("asked to be bad");
            }
        }

        private void End(string key, long timestampMs)
        {
            if (topology.ReportsLateRight && IsLate(right, timestampMs))
            {
                context.ReportLate(right);
            }
            if (open.Get(key) is { } dueAt)
            {
                open.Delete(key);
                due.Remove(long.Parse(dueAt, CultureInfo.InvariantCulture), key);
            }
        }

        private bool IsLate(string topic, long timestampMs) =>
            context.WatermarkMs(topic) is var watermarkMs && watermarkMs != long.MinValue && timestampMs < watermarkMs;

        private void Close(long watermarkMs)
        {
            if (due.TryPeek(out var dueAtMs, out var key) && dueAtMs < watermarkMs)
            {
                due.Remove(dueAtMs, key);
                open.Delete(key);
                context.Forward(new Record<string, string>(
                    key, dueAtMs.ToString(CultureInfo.InvariantCulture), context.ClockMs));
                if (key == "wait" && topology.IsDependencyDown)
                {
                    throw new DependencyUnavailableException("the registry");
                }
            }
            SetTimer();
        }

        private void SetTimer() => timer.DueAtMs = due.TryPeek(out var dueAtMs, out _) ? dueAtMs : long.MaxValue;
    }
}
