namespace Alloc.Engine.Runtime;

/// <summary>The state of an application, after Kafka Streams' <c>KafkaStreams.State</c>.</summary>
public enum StreamsState
{
    /// <summary>Not started.</summary>
    Created,

    /// <summary>Topics are verified, threads join the group, or partitions move.</summary>
    Rebalancing,

    /// <summary>Tasks restore their stores.</summary>
    Restoring,

    /// <summary>Every task of this instance processes.</summary>
    Running,

    /// <summary>Stopping on request.</summary>
    PendingShutdown,

    /// <summary>Stopped on request.</summary>
    NotRunning,

    /// <summary>Stopped by a failure; see <see cref="StreamsApplication.Failure"/>.</summary>
    Error,
}
