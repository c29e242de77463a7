using System.Globalization;
using System.Text;
using Alloc.Engine.Dsl;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;

namespace Engine.Tests.Joins;

/// <summary>Which records leave alone.</summary>
internal enum JoinType
{
    Inner,
    Left,
    Outer,
}

/// <summary>
/// A join of the topics "left" and "right" into "out", late records into "late-left" and "late-right". A value of the
/// form <c>text@500</c> ends its window 500 ms after its timestamp, where <see cref="MovesWindowEnds"/> says so.
/// </summary>
internal sealed record JoinCase(JoinType Type, JoinWindows Windows)
{
    public const string Left = "left";
    public const string Right = "right";

    /// <summary>The other topic of the left side where <see cref="MergesLeft"/> says so.</summary>
    public const string LeftMore = "left-more";

    public bool MovesWindowEnds { get; init; }

    /// <summary>Milliseconds of the number behind the @.</summary>
    public long UnitMs { get; init; } = 1;

    /// <summary>Whether both sides come through topics of the application's own.</summary>
    public bool Repartitions { get; init; }

    /// <summary>Whether the left topic is both sides.</summary>
    public bool IsSelfJoin { get; init; }

    /// <summary>Whether the left side is two topics put together.</summary>
    public bool MergesLeft { get; init; }

    /// <summary>Sources that a left record waits for; null for those of the other side.</summary>
    public IReadOnlyList<string>? LeftClaims { get; init; }

    /// <summary>The same of a right record.</summary>
    public IReadOnlyList<string>? RightClaims { get; init; }

    public JoinFault Fault { get; init; }

    /// <summary>When a key's records are parted with.</summary>
    public ChunkLimits Limits { get; init; } = ChunkLimits.Default;

    /// <summary>The topics that left records are read from.</summary>
    public IReadOnlyList<string> LeftSources => Repartitions ? ["joins-left-again-repartition"]
        : MergesLeft ? [Left, LeftMore] : [Left];

    /// <summary>The topics that right records are read from.</summary>
    public IReadOnlyList<string> RightSources => Repartitions ? ["joins-right-again-repartition"] : [Right];

    /// <summary>The end of a left record's window, if its value says one.</summary>
    public long WindowEndMs(string value, long timestampMs) =>
        MovesWindowEnds && value.Split('@') is [_, var after]
            ? timestampMs + (UnitMs * long.Parse(after, CultureInfo.InvariantCulture))
            : timestampMs + (long)Windows.After.TotalMilliseconds;

    public Topology Build()
    {
        var builder = new StreamsBuilder("joins");
        var left = builder.Stream(Left, Serdes.Utf8, Serdes.Utf8);
        if (MergesLeft)
        {
            left = left.Merge(builder.Stream(LeftMore, Serdes.Utf8, Serdes.Utf8));
        }
        var right = IsSelfJoin ? left : builder.Stream(Right, Serdes.Utf8, Serdes.Utf8);
        if (Repartitions)
        {
            left = left.Repartition("left-again", Serdes.Utf8, Serdes.Utf8);
            right = right.Repartition("right-again", Serdes.Utf8, Serdes.Utf8);
        }
        var with = new JoinedWith<string, string, string>("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8)
        {
            LeftWindowEndMs = MovesWindowEnds ? (_, value, timestampMs) => WindowEndMs(value, timestampMs) : null,
            LeftClaims = LeftClaims,
            RightClaims = RightClaims,
            Fault = Fault,
            Limits = Limits,
        };
        var joined = Type switch
        {
            JoinType.Inner => left.Join<string, string>(right, Windows, Describe, with),
            JoinType.Left => left.LeftJoin<string, string>(right, Windows, Describe, with),
            _ => left.OuterJoin<string, string>(right, Windows, Describe, with),
        };
        joined.Results.To("out", Serdes.Utf8, Serdes.Utf8);
        joined.LateLeft.To("late-left", Serdes.Utf8, Serdes.Utf8);
        joined.LateRight.To("late-right", Serdes.Utf8, Serdes.Utf8);
        return builder.Build();
    }

    /// <summary>A result as text.</summary>
    public static string Describe(in Joined<string, string, string> joined) =>
        Describe(joined.Left, joined.Right, joined.Kind == JoinKind.Truncated);

    public static string Describe(string? left, string? right, bool isTruncated) =>
        $"{left ?? "null"}+{right ?? "null"}{(isTruncated ? " truncated" : "")}";

    /// <summary>What came out since the last call: <c>topic key value timestamp</c>.</summary>
    public static List<string> ReadAll(TopologyTestDriver driver) =>
    [
        .. new[] { "out", "late-left", "late-right" }.SelectMany(driver.ReadOutputs).Select(record =>
            $"{record.Topic} {Text(record.Key)} {Text(record.Value)} {record.TimestampMs}"),
    ];

    /// <summary>The keys that a compacted changelog still has, as hexadecimal digits.</summary>
    public static HashSet<string> LiveKeys(TopologyTestDriver driver, string changelog)
    {
        var live = new HashSet<string>(StringComparer.Ordinal);
        foreach (var record in driver.Log(changelog).Where(r => r.Key is { Length: > 0 }))
        {
            var key = Convert.ToHexString(record.Key!);
            _ = record.Value is null ? live.Remove(key) : live.Add(key);
        }
        return live;
    }

    private static string Text(byte[]? bytes) => bytes is null ? "null" : Encoding.UTF8.GetString(bytes);
}
