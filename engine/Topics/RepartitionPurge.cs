using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.Topics;

/// <summary>
/// Deletes what the application has read of the topics that it writes for itself: they are kept without end, so that
/// nothing is lost while nobody reads, and would grow without end. It goes by the group's committed offsets, as the
/// broker has them, and by nothing that this process believes; each instance does it for its own partitions.
/// </summary>
/// <remarks>
/// One look at an interval, on a thread of its own: one request for the committed offsets, and one for all partitions
/// together to each broker that leads some, where there is anything new.
/// </remarks>
internal sealed class RepartitionPurge : IDisposable
{
    private readonly HashSet<string> topics;
    private readonly Func<IEnumerable<TopicPartition>> here;
    private readonly TimeSpan interval;
    private readonly ILogger logger;
    private readonly Dictionary<TopicPartition, long> purged = [];
    private readonly RepeatedLook looking = new("repartition-purge");

    /// <param name="topics">The repartition topics.</param>
    /// <param name="here">The source partitions of this instance, by the group's last word.</param>
    /// <param name="interval">The time between two looks.</param>
    /// <param name="logger">Where failures go; they are tried again.</param>
    public RepartitionPurge(
        IEnumerable<string> topics, Func<IEnumerable<TopicPartition>> here, TimeSpan interval, ILogger logger)
    {
        this.topics = topics.ToHashSet(StringComparer.Ordinal);
        this.here = here;
        this.interval = interval;
        this.logger = logger;
    }

    /// <summary>The repartition topics of a topology.</summary>
    public static IReadOnlyList<string> TopicsOf(Topology.Topology topology) =>
        [.. topology.SubTopologies.SelectMany(s => s.Sources).Where(s => s.Options.IsRepartition).Select(s => s.Topic)];

    /// <summary>Looks again and again from now on.</summary>
    /// <param name="log">Whom it asks; used until it is disposed.</param>
    public void Start(ILogAdmin log) => looking.Start(() => LookQuietly(log), interval);

    /// <summary>Begins to stop.</summary>
    public void Stop() => looking.Stop();

    public void Dispose() => looking.Dispose();

    /// <summary>Looks once.</summary>
    internal void Look(ILogAdmin log)
    {
        var own = here().Where(p => topics.Contains(p.Topic)).ToList();
        if (own.Count == 0)
        {
            return;
        }
        var read = log.Committed(own).Where(c => c.Value > purged.GetValueOrDefault(c.Key)).ToDictionary();
        if (read.Count == 0)
        {
            return;
        }
        log.DeleteRecords(read);
        foreach (var (partition, offset) in read)
        {
            purged[partition] = offset;
        }
    }

    private void LookQuietly(ILogAdmin log)
    {
        try
        {
            Look(log);
        }
        catch (Exception error)
        {
            // Nothing stands on it: the topic is a little longer until the next time.
            Log.NotPurged(logger, string.Join(", ", topics), error.Message);
        }
    }
}
