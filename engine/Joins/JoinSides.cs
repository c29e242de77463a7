using Alloc.Engine.Processing;

namespace Alloc.Engine.Joins;

/// <summary>The left side: its records have the window.</summary>
internal sealed class LeftOf<TKey, TLeft, TRight, TResult>(JoinPlan<TKey, TLeft, TRight, TResult> plan)
    : SideOf<TKey, TLeft, TRight>
    where TKey : notnull
    where TLeft : class
    where TRight : class
{
    public override bool IsRight => false;

    public override bool IsOuter => plan.Stores.LeftIsOuter;

    public override bool OtherIsOuter => plan.Stores.RightIsOuter;

    public override ISerializer<TLeft> OwnSerializer => plan.With.LeftSerde;

    public override IDeserializer<TLeft> OwnDeserializer => plan.With.LeftSerde;

    public override IDeserializer<TRight> OtherDeserializer => plan.With.RightSerde;

    public override IReadOnlyList<string> Claims => plan.LeftClaims;

    public override BufferedRecord Make(TKey key, TLeft value, long timestampMs)
    {
        var latestMs = timestampMs + plan.AfterMs;
        var endMs = plan.With.LeftWindowEndMs?.Invoke(key, value, timestampMs) ?? latestMs;
        var isTruncated = endMs > latestMs;
        endMs = isTruncated ? latestMs : endMs;
        return new BufferedRecord
        {
            Flags = isTruncated ? RecordFlags.Truncated : RecordFlags.None,
            TimestampMs = timestampMs,
            EndMs = endMs,
            DueMs = plan.Fault == JoinFault.ClosesBeforeGrace ? endMs : endMs + plan.GraceMs,
        };
    }

    public override bool IsWithin(in BufferedRecord own, in BufferedRecord other) =>
        other.TimestampMs >= own.TimestampMs - plan.BeforeMs && other.TimestampMs <= own.EndMs;

    public override bool MayBeWithin(in BufferedRecord own, in ChunkSummary chunk) =>
        chunk.LastTimestampMs >= own.TimestampMs - plan.BeforeMs && chunk.FirstTimestampMs <= own.EndMs;
}

/// <summary>The right side: its records lie in windows.</summary>
internal sealed class RightOf<TKey, TLeft, TRight, TResult>(JoinPlan<TKey, TLeft, TRight, TResult> plan)
    : SideOf<TKey, TRight, TLeft>
    where TKey : notnull
    where TLeft : class
    where TRight : class
{
    public override bool IsRight => true;

    public override bool IsOuter => plan.Stores.RightIsOuter;

    public override bool OtherIsOuter => plan.Stores.LeftIsOuter;

    public override ISerializer<TRight> OwnSerializer => plan.With.RightSerde;

    public override IDeserializer<TRight> OwnDeserializer => plan.With.RightSerde;

    public override IDeserializer<TLeft> OtherDeserializer => plan.With.LeftSerde;

    public override IReadOnlyList<string> Claims => plan.RightClaims;

    public override BufferedRecord Make(TKey key, TRight value, long timestampMs)
    {
        // The last left record whose window reaches back to it.
        var endMs = timestampMs + plan.BeforeMs;
        return new BufferedRecord
        {
            Flags = RecordFlags.Right,
            TimestampMs = timestampMs,
            EndMs = endMs,
            DueMs = plan.Fault == JoinFault.ClosesBeforeGrace ? endMs : endMs + plan.GraceMs,
        };
    }

    public override bool IsWithin(in BufferedRecord own, in BufferedRecord other) =>
        other.TimestampMs <= own.EndMs && other.EndMs >= own.TimestampMs;

    public override bool MayBeWithin(in BufferedRecord own, in ChunkSummary chunk) =>
        chunk.FirstTimestampMs <= own.EndMs && chunk.LastTimestampMs + plan.AfterMs >= own.TimestampMs;
}
