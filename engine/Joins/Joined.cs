using Alloc.Engine.Processing;

namespace Alloc.Engine.Joins;

/// <summary>How a result of a join came about.</summary>
public enum JoinKind
{
    /// <summary>Both records are there, within the window.</summary>
    Paired,

    /// <summary>The window and its grace are closed, and no record of the other side came.</summary>
    Unmatched,

    /// <summary>The same, but the window was to be longer than the join keeps any.</summary>
    Truncated,
}

/// <summary>A pair, or a record that found none; what a joiner makes a result from.</summary>
/// <param name="Key">The key of both; <c>default</c> for a record without key.</param>
/// <param name="Left">The left value, or null.</param>
/// <param name="Right">The right value, or null.</param>
/// <param name="Kind">Which of the two.</param>
/// <param name="LeftTimestampMs">The left record's timestamp; <see cref="long.MinValue"/> without one.</param>
/// <param name="RightTimestampMs">The right record's timestamp; <see cref="long.MinValue"/> without one.</param>
public readonly record struct Joined<TKey, TLeft, TRight>(
    TKey Key, TLeft? Left, TRight? Right, JoinKind Kind, long LeftTimestampMs, long RightTimestampMs)
    where TLeft : class
    where TRight : class;

/// <summary>Makes the value of a result.</summary>
public delegate TResult Joiner<TKey, TLeft, TRight, out TResult>(in Joined<TKey, TLeft, TRight> joined)
    where TLeft : class
    where TRight : class;

/// <summary>What a join of two streams goes by, beside its windows.</summary>
/// <param name="Name">Names its nodes and stores: part of what is on disk.</param>
/// <param name="KeySerde">Writes keys. Keys are one where their bytes are.</param>
/// <param name="LeftSerde">Writes left values.</param>
/// <param name="RightSerde">Writes right values.</param>
public sealed record JoinedWith<TKey, TLeft, TRight>(
    string Name, ISerde<TKey> KeySerde, ISerde<TLeft> LeftSerde, ISerde<TRight> RightSerde)
{
    /// <summary>
    /// The end of a left record's window, milliseconds since the Unix epoch, included, from its key, value and
    /// timestamp; null: its timestamp and <see cref="JoinWindows.After"/>. An end beyond that is cut to it, and the
    /// record leaves, if it must, as <see cref="JoinKind.Truncated"/>.
    /// </summary>
    public Func<TKey, TLeft, long, long>? LeftWindowEndMs { get; init; }

    /// <summary>
    /// The sources that must be known up to the end of its window and grace before a left record is given up; by
    /// default those of the right side.
    /// </summary>
    public IReadOnlyList<string>? LeftClaims { get; init; }

    /// <summary>The same for a right record; by default the sources of the left side.</summary>
    public IReadOnlyList<string>? RightClaims { get; init; }

    /// <summary>A fault that is built in on purpose, to see that tests catch it.</summary>
    internal JoinFault Fault { get; init; }

    /// <summary>When a key's records are parted with; smaller ones only in tests.</summary>
    internal ChunkLimits Limits { get; init; } = ChunkLimits.Default;
}
