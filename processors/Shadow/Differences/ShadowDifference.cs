using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>A decision of the shadow that is not what the log has of the other system.</summary>
public sealed record ShadowDifference
{
    /// <summary>The pool.</summary>
    public required string PoolId { get; init; }

    /// <summary>What shows the other system's decision.</summary>
    public required ShadowEvidence Evidence { get; init; }

    /// <summary>Kind of the command that the shadow decided.</summary>
    public required CommandKind Command { get; init; }

    /// <summary>The reservation whose units show it; of an answer the command.</summary>
    public required string Id { get; init; }

    /// <summary>When the shadow decided, in milliseconds since 1970 UTC.</summary>
    public required long DecidedAtMs { get; init; }

    /// <summary>When the log showed the other's decision, in milliseconds since 1970 UTC.</summary>
    public required long SeenAtMs { get; init; }

    /// <summary>When the command that shows it came, in milliseconds since 1970 UTC; it may have waited.</summary>
    public required long ArrivedAtMs { get; init; }

    /// <summary>What the shadow decided: <c>Rejected QuotaExceeded</c>.</summary>
    public required string Shadow { get; init; }

    /// <summary>What the log has of the other system, in the same words.</summary>
    public required string Recorded { get; init; }

    /// <summary>The same with units, for people.</summary>
    public string ShadowText { get; init; } = "";

    /// <summary>The same with units, for people.</summary>
    public string RecordedText { get; init; } = "";

    /// <summary>Priority class of the request; empty: not known.</summary>
    public string PriorityClass { get; init; } = "";

    /// <summary>Units that one gave and the other did not.</summary>
    public long Units { get; init; }

    /// <summary>Units that the shadow lacked when it refused or granted less; 0: that was not why.</summary>
    public long Missing { get; init; }

    /// <summary>Units of the reservation that the other system gave, these included; 0: it gave none here.</summary>
    internal long Given { get; init; }

    /// <summary>Units of the pool that the other system has given, these included; 0: it gave none here.</summary>
    internal long PoolGiven { get; init; }

    /// <summary>The fact of supply that only one of the two had been told before; null: none.</summary>
    internal ToldBefore? Told { get; init; }
}

/// <summary>A fact of supply that one journal has as new and the other as known.</summary>
internal sealed record ToldBefore(string Source, long Number, bool ByShadow);
