using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;

namespace Alloc.Engine.Watermarks;

/// <summary>What an application whose topology uses watermarks has beside its threads.</summary>
internal sealed class ApplicationWatermarks : IDisposable
{
    private readonly WatermarkProbe probe;
    private readonly Func<string, ILogAdmin> openGroup;
    private readonly TimeSpan interval;

    private ApplicationWatermarks(
        WatermarkProbe probe, BrokerTime time, WatermarkReader reader, StreamsSeams seams,
        Func<string, ILogAdmin> openGroup)
    {
        this.probe = probe;
        this.openGroup = openGroup;
        interval = seams.WatermarkInterval;
        Time = time;
        Reader = reader;
        Rules = seams.WatermarkRules;
    }

    /// <summary>The broker's clock.</summary>
    public BrokerTime Time { get; }

    /// <summary>Reads watermarks for people.</summary>
    public WatermarkReader Reader { get; }

    /// <summary>What watermarks go by.</summary>
    public WatermarkRules Rules { get; }

    /// <summary>Where partitions ended; another dictionary whenever one is new.</summary>
    public IReadOnlyDictionary<TopicPartition, KnownEnd> Known => probe.Known;

    public static ApplicationWatermarks Create(
        Topology.Topology topology, StreamsOptions options, StreamsSeams seams, TimeProvider clock, string instanceId,
        TaskRegistry tasks, Func<IEnumerable<TopicPartition>> here, IReadOnlyDictionary<string, int> partitionCounts)
    {
        var clientId = $"{options.ApplicationId}-{instanceId}-watermarks";
        var time = new BrokerTime(clock);
        var probe = new WatermarkProbe(
            WatermarkPlan.Of(topology, options.ApplicationId, partitionCounts), here, time,
            new ClockReader(seams.Log, clientId, WatermarkPlan.ClockTopic(options.ApplicationId), time),
            seams.WatermarkRules);
        return new ApplicationWatermarks(
            probe, time, new WatermarkReader(tasks, probe, time, options), seams,
            group => seams.Log.CreateAdmin(clientId, group));
    }

    /// <summary>Reads the broker's clock for the first time.</summary>
    /// <exception cref="LogException">There is no answer; it may be asked for again.</exception>
    public long ReadClock() => probe.ReadClock();

    /// <summary>Finds out ends from now on.</summary>
    /// <param name="log">Whom to ask; used until this is disposed.</param>
    public void Start(ILogWatch log) => probe.Start(log, openGroup, interval);

    /// <summary>Begins to stop.</summary>
    public void Stop() => probe.Stop();

    public void Dispose() => probe.Dispose();
}
