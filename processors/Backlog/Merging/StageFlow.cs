namespace Alloc.Processors.Backlog.Merging;

/// <summary>A stage as the simulation begins with it. Rates are items a second.</summary>
internal sealed record StageFlow
{
    public required string StageId { get; init; }

    /// <summary>Its SLA.</summary>
    public required double SlaSeconds { get; init; }

    /// <summary>Items that wait, by age in seconds, the oldest first.</summary>
    public required IReadOnlyList<(double AgeSeconds, double Items)> Waiting { get; init; }

    /// <summary>What arrives today, from wherever.</summary>
    public required double Arrivals { get; init; }

    /// <summary>What leaves today.</summary>
    public required double Departures { get; init; }

    /// <summary>What arrived over the last hour.</summary>
    public required double UsualArrivals { get; init; }

    /// <summary>The most that left over a minute lately.</summary>
    public required double Peak { get; init; }

    /// <summary>How long items stay when nothing is in their way.</summary>
    public required double UsualSeconds { get; init; }

    /// <summary>Whether items wait longer than that: then what leaves today is all that it can do.</summary>
    public required bool IsCongested { get; init; }

    /// <summary>What holds have to live when their item enters.</summary>
    public required double HoldLifeSeconds { get; init; }

    /// <summary>Share of items with such a hold.</summary>
    public required double HoldShare { get; init; }

    /// <summary>Holds of waiting items that are at risk now.</summary>
    public required long HoldsAtRisk { get; init; }

    /// <summary>When the first of them expires, in seconds from now.</summary>
    public required double? FirstRiskSeconds { get; init; }
}

/// <summary>Something that will happen in a stage.</summary>
/// <param name="StageId">The stage.</param>
/// <param name="Effect">What.</param>
/// <param name="InSeconds">In how many seconds it begins.</param>
/// <param name="Items">How many items within the hour after.</param>
internal readonly record struct FlowEffect(
    string StageId, Schemas.Backlog.PropagationEffect Effect, double InSeconds, double Items);
