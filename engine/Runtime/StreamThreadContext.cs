using Alloc.Engine.LogClient;
using Alloc.Engine.Observability;
using Alloc.Engine.Restore;
using Alloc.Engine.Watermarks;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.Runtime;

/// <summary>What the threads of an application share.</summary>
internal sealed record StreamThreadContext(
    Topology.Topology Topology, StreamsOptions Options, ILogClient Client, TimeProvider Clock,
    TaskRegistry Tasks, TaskOpener Opener, DamagedTasks Damages, StoppedTasks Stops,
    IReadOnlyDictionary<string, int> PartitionCounts, EngineMetrics Metrics, ILogger Logger, Action ThreadStateChanged)
{
    /// <summary>What finds out up to when sources are known; null where the topology uses no watermarks.</summary>
    public ApplicationWatermarks? Watermarks { get; init; }
}
