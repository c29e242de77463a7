using System.Globalization;
using Alloc.Engine.Dsl;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Engine.Windows;

namespace Engine.Tests.Joins;

/// <summary>The topology of a row of docs/joins.md: from "left", and "right" where it has one, to "out".</summary>
internal static class RowTopology
{
    public static Topology Build(JoinRow row)
    {
        var words = row.Join.Split(' ');
        return row.Kind switch
        {
            JoinRow.Aggregate => BuildAggregate(words),
            JoinRow.TableJoin => BuildTableJoin(words[0]),
            _ => BuildJoin(words),
        };
    }

    private static Topology BuildJoin(string[] words)
    {
        var ends = words.FirstOrDefault(w => w.Contains("..", StringComparison.Ordinal))?.Split("..") ?? ["-60", "60"];
        var windows = new JoinWindows(-Seconds(ends[0]), Seconds(ends[1]), TimeSpan.FromSeconds(10));
        return new JoinCase(Enum.Parse<JoinType>(words[0], ignoreCase: true), windows)
        {
            IsSelfJoin = words.Contains("self"),
            MovesWindowEnds = words.Contains("moved"),
            UnitMs = 1_000,
            Repartitions = words.Contains("repartitioned"),
        }.Build();
    }

    private static Topology BuildAggregate(string[] words)
    {
        var builder = new StreamsBuilder("joins");
        var grouped = builder.Stream(JoinCase.Left, Serdes.Utf8, Serdes.Utf8).GroupByKey(Serdes.Utf8);
        if (words[0] == "count")
        {
            grouped.Count("counts").ToStream().MapValues((_, count) => Text(count))
                .To("out", Serdes.Utf8, Serdes.Utf8);
            return builder.Build();
        }
        var (size, advance) = (Seconds(words[1]), Seconds(words[0] == "hopping" ? words[2] : words[1]));
        var table = grouped.WindowedBy(TimeWindows.Hopping(size, advance, TimeSpan.FromSeconds(2))).Count("counts");
        (words[^1] == "closed" ? table.Suppress() : table.ToStream())
            .Map((window, count) => KeyValuePair.Create(
                $"{window.Key}:{(window.StartMs - JoinTableTests.StartMs) / 1_000}", Text(count)))
            .To("out", Serdes.Utf8, Serdes.Utf8);
        return builder.Build();
    }

    private static Topology BuildTableJoin(string type)
    {
        var builder = new StreamsBuilder("joins");
        var table = builder.Table(JoinCase.Right, Serdes.Utf8, Serdes.Utf8, "table");
        var stream = builder.Stream(JoinCase.Left, Serdes.Utf8, Serdes.Utf8);
        var joined = type == "inner"
            ? stream.Join(table, (_, left, right) => $"{left}+{right}")
            : stream.LeftJoin(table, (_, left, right) => $"{left}+{right ?? "null"}");
        joined.To("out", Serdes.Utf8, Serdes.Utf8);
        return builder.Build();
    }

    private static string Text(Counted count) => count.Value.ToString(CultureInfo.InvariantCulture);

    private static TimeSpan Seconds(string text) =>
        TimeSpan.FromSeconds(long.Parse(text, CultureInfo.InvariantCulture));
}
