using System.Text.Json.Nodes;
using Alloc.Client;
using Alloc.Engine.Runtime;
using Alloc.Schemas.Catalogue;

namespace Alloc.Host.Lag;

/// <summary>The watch over all groups on topics of the catalogue, as an instance runs it.</summary>
internal sealed class LagService : IDisposable
{
    private readonly LagWatch watch;
    private readonly LagMetrics metrics;
    private readonly TimeProvider time;

    /// <param name="client">How Kafka is reached.</param>
    /// <param name="catalogue">The topics, prefix included.</param>
    /// <param name="running">The applications of this process, as they are when it is asked.</param>
    /// <param name="time">What tells the time.</param>
    public LagService(
        AllocClientOptions client, TopicCatalogue catalogue, Func<IEnumerable<StreamsApplication>> running,
        TimeProvider time)
    {
        this.time = time;
        watch = new LagWatch(
            new LagWatchOptions
            {
                Client = client,
                WatchesTopic = topic => catalogue.TryGet(topic, out _),
                Own = () => running()
                    .SelectMany(a => a.Inputs.Select(input => new OwnInput(a.ApplicationId, input))),
            },
            time);
        metrics = new LagMetrics(watch, time);
    }

    /// <summary>Begins to look.</summary>
    public void Start() => watch.Start();

    /// <summary>What was seen last, for the HTTP API.</summary>
    public JsonObject Report() => LagJson.Of(watch.Report, time.GetUtcNow().ToUnixTimeMilliseconds());

    public void Dispose()
    {
        metrics.Dispose();
        watch.Dispose();
    }
}
