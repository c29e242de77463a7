using Alloc.Engine.Processing;

namespace Alloc.Engine.Joins;

/// <summary>Everything that both sides of a join go by.</summary>
internal sealed class JoinPlan<TKey, TLeft, TRight, TResult>(
    JoinedWith<TKey, TLeft, TRight> with, JoinWindows windows, JoinStores stores,
    Joiner<TKey, TLeft, TRight, TResult> joiner)
    where TKey : notnull
    where TLeft : class
    where TRight : class
{
    public JoinedWith<TKey, TLeft, TRight> With { get; } = with;

    public JoinStores Stores { get; } = stores;

    public Joiner<TKey, TLeft, TRight, TResult> Joiner { get; } = joiner;

    public long BeforeMs { get; } = windows.BeforeMs;

    public long AfterMs { get; } = windows.AfterMs;

    public long GraceMs { get; } = windows.GraceMs;

    public required IReadOnlyList<string> LeftClaims { get; init; }

    public required IReadOnlyList<string> RightClaims { get; init; }

    /// <summary>The sources of both sides: beyond what they are known to, nobody meets anybody any more.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>A fault that is built in on purpose, to see that tests catch it.</summary>
    public JoinFault Fault { get; init; }
}

/// <summary>What one side of a join does in its own way.</summary>
internal abstract class SideOf<TKey, TOwn, TOther>
{
    /// <summary>Whether this is the right side.</summary>
    public abstract bool IsRight { get; }

    /// <summary>Whether records that found no match leave alone.</summary>
    public abstract bool IsOuter { get; }

    public abstract bool OtherIsOuter { get; }

    public abstract ISerializer<TOwn> OwnSerializer { get; }

    public abstract IDeserializer<TOwn> OwnDeserializer { get; }

    public abstract IDeserializer<TOther> OtherDeserializer { get; }

    /// <summary>The sources whose silence a record that leaves alone claims.</summary>
    public abstract IReadOnlyList<string> Claims { get; }

    /// <summary>Makes the record as it waits, but for its value's bytes.</summary>
    public abstract BufferedRecord Make(TKey key, TOwn value, long timestampMs);

    /// <summary>Whether a waiting record of the other side is within the window of an own one.</summary>
    public abstract bool IsWithin(in BufferedRecord own, in BufferedRecord other);

    /// <summary>Whether a chunk may hold such a record.</summary>
    public abstract bool MayBeWithin(in BufferedRecord own, in ChunkSummary chunk);
}

/// <summary>A fault built into a join on purpose.</summary>
internal enum JoinFault
{
    None,

    /// <summary>An outer record leaves when it comes, and again with its pair.</summary>
    EmitsUnmatchedAtOnce,

    /// <summary>Grace is not waited for.</summary>
    ClosesBeforeGrace,

    /// <summary>What left is remembered in the index only, which a restore makes anew.</summary>
    ForgetsWhatLeft,

    /// <summary>What a chunk has of the record's own side hides the other side's.</summary>
    SkipsChunksOfBothSides,
}
