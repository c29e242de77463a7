using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Engine.Tests.Joins;

public sealed class JoinStateTests
{
    private readonly JoinStores stores = new("pairs", LeftIsOuter: true, RightIsOuter: true);

    [Fact]
    public void An_entry_is_read_as_it_was_written_with_its_records_in_the_order_of_time()
    {
        var entry = new JoinEntry();
        foreach (var (flags, timestampMs, endMs, dueMs) in new[]
        {
            (RecordFlags.None, 500L, 900L, 950L), (RecordFlags.Right | RecordFlags.Matched, 100L, 90L, 90L),
            (RecordFlags.Truncated, 500L, long.MinValue, long.MaxValue), (RecordFlags.Right, -7L, 0L, 1L),
        })
        {
            entry.Add(Record(flags, timestampMs, endMs, dueMs, $"value {timestampMs}"));
        }

        var read = new JoinEntry();
        read.Read(Write(entry));

        Assert.Equal(
            ["-7 0 1 Right value -7", "100 90 90 Right, Matched value 100", "500 900 950 None value 500",
                $"500 {long.MinValue} {long.MaxValue} Truncated value 500"],
            Describe(read));
    }

    [Fact]
    public void A_chunk_takes_the_records_and_leaves_their_dues_and_times_behind()
    {
        var head = new JoinEntry();
        head.Add(Record(RecordFlags.None, 10, 20, 25, "l"));
        head.Add(Record(RecordFlags.Matched, 5, 20, 22, "matched"));
        head.Add(Record(RecordFlags.Right, 30, 40, 45, "r"));
        var chunk = new JoinEntry();

        Assert.Equal(0, head.MoveTo(chunk, leftIsOuter: true, rightIsOuter: true));
        head.Add(Record(RecordFlags.None, 50, 60, 65, "next"));
        var read = new JoinEntry();
        read.Read(Write(head));

        Assert.Equal(3, chunk.Records.Length);
        Assert.Equal(new JoinDues(25, 45), read.Dues(leftIsOuter: true, rightIsOuter: true));
        Assert.Equal((5, 30), (read.Chunks[0].FirstTimestampMs, read.Chunks[0].LastTimestampMs));
        Assert.Equal(65, read.LastDueMs());
        Assert.Equal(1, read.MoveTo(chunk, leftIsOuter: true, rightIsOuter: true));
    }

    [Theory]
    [InlineData(nameof(ChunkSides.Left))]
    [InlineData(nameof(ChunkSides.Right))]
    [InlineData("Left, Right")]
    public void What_is_said_of_a_chunk_tells_the_sides_that_it_has(string sides)
    {
        var expected = Enum.Parse<ChunkSides>(sides);
        var head = new JoinEntry();
        if (expected.HasFlag(ChunkSides.Left))
        {
            head.Add(Record(RecordFlags.None, 10, 20, 25, "l"));
        }
        if (expected.HasFlag(ChunkSides.Right))
        {
            head.Add(Record(RecordFlags.Right, 30, 40, 45, "r"));
        }
        head.MoveTo(new JoinEntry(), leftIsOuter: true, rightIsOuter: false);

        var read = new JoinEntry();
        read.Read(Write(head));

        Assert.Equal(expected, read.Chunks[0].Sides);
        Assert.Equal(expected.HasFlag(ChunkSides.Left), read.Chunks[0].HasSide(isRight: false));
        Assert.Equal(expected.HasFlag(ChunkSides.Right), read.Chunks[0].HasSide(isRight: true));
        Assert.Equal(head.Chunks[0], read.Chunks[0]);
    }

    [Fact]
    public void Chunks_of_one_level_are_gathered_into_one_of_the_next_and_nothing_that_was_said_of_them_is_lost()
    {
        var (head, chunk) = (new JoinEntry(), new JoinEntry());
        foreach (var record in new[]
        {
            Record(RecordFlags.Matched, 5, 20, 22, "m"), Record(RecordFlags.Right, 30, 40, 45, "r"),
            Record(RecordFlags.None, 10, 20, 25, "l"),
        })
        {
            head.Add(record);
            head.MoveTo(chunk, leftIsOuter: true, rightIsOuter: true);
        }

        Assert.Null(head.GatherTo(chunk, level: 1, count: 4, leftIsOuter: true, rightIsOuter: true));
        Assert.Equal(3, head.GatherTo(chunk, level: 1, count: 3, leftIsOuter: true, rightIsOuter: true));
        // One of the next level is none of this one.
        Assert.Null(head.GatherTo(new JoinEntry(), level: 1, count: 1, leftIsOuter: true, rightIsOuter: true));
        var read = new JoinEntry();
        read.Read(Write(head));

        Assert.Equal([0, 1, 2], chunk.Chunks.ToArray().Select(c => c.Number));
        Assert.Equal(
            new ChunkSummary
            {
                Number = 3,
                Level = 1,
                Sides = ChunkSides.Left | ChunkSides.Right,
                FirstTimestampMs = 5,
                LastTimestampMs = 30,
                Dues = new JoinDues(25, 45),
                LastDueMs = 45,
                FirstSpentMs = 22,
            },
            Assert.Single(read.Chunks.ToArray()));
    }

    [Fact]
    public void An_entry_that_is_cut_short_or_of_another_format_is_damage_wherever_it_is_cut()
    {
        var head = new JoinEntry();
        head.Add(Record(RecordFlags.None, 10, 20, 25, "left"));
        head.MoveTo(new JoinEntry(), leftIsOuter: true, rightIsOuter: true);
        var withChunk = Write(head).Length;
        head.Add(Record(RecordFlags.None, 10, 20, 25, "left"));
        var bytes = Write(head);

        for (var length = 0; length < bytes.Length; length++)
        {
            // Without its last record it is whole again.
            if (length != withChunk)
            {
                Assert.Throws<TaskCorruptedException>(() => new JoinEntry().Read(bytes[..length]));
            }
        }
        foreach (var format in new byte[] { JoinEntry.FormatVersion - 1, JoinEntry.FormatVersion + 1 })
        {
            var error = Assert.Throws<TaskCorruptedException>(() => new JoinEntry().Read([format, .. bytes[1..]]));
            Assert.Contains($"unknown format {format}", error.Message, StringComparison.Ordinal);
        }
        // A length of two billion, of which nothing is there.
        Assert.Throws<TaskCorruptedException>(() => new JoinEntry().Read(
            [JoinEntry.FormatVersion, 0, 0, 0, .. new byte[8], 0, 0, 255, 255, 255, 255, 7]));
    }

    [Fact]
    public void Time_indexes_follow_entries_that_are_restored_over_what_the_database_has()
    {
        using var states = new MemoryStateProvider();
        using (var first = Open(states))
        {
            Restore(first, "a", Record(RecordFlags.None, 10, 20, 25, "l"));
            Restore(first, "b", Record(RecordFlags.Right, 10, 20, 35, "r"));
            Restore(first, "c", Record(RecordFlags.Matched, 10, 20, 45, "m"));
            first.MarkCommitted(first.Freeze(), new StatePosition());
            first.Flush();
        }

        // The tail of the changelog: one is matched, one goes, one is new.
        using var second = Open(states);
        Restore(second, "a", Record(RecordFlags.Matched, 10, 20, 25, "l"));
        second.RestoreChange(stores.Buffer, Key("b"), default, isDelete: true);
        Restore(second, "d", Record(RecordFlags.None, 10, 20, 55, "l"));
        second.MarkCommitted(second.Freeze(), new StatePosition());

        var indexes = new JoinIndexes(second, stores);
        Assert.Equal(["55 d"], Entries(indexes.Left!, skip: 0));
        Assert.Empty(Entries(indexes.Right!, skip: 0));
        Assert.Equal(["25 a", "45 c"], Entries(indexes.Expiry, skip: 1));
    }

    private ITaskState Open(MemoryStateProvider states)
    {
        byte id = 0;
        return states.Open(new TaskStateOptions
        {
            TaskId = new TaskId(0, 0),
            Directory = "task",
            Stores = stores.Define(() => ++id),
        });
    }

    private void Restore(ITaskState state, string key, BufferedRecord record)
    {
        var entry = new JoinEntry();
        entry.Add(record);
        state.RestoreChange(stores.Buffer, Key(key), Write(entry), isDelete: false);
    }

    private static List<string> Entries(JoinTimers index, int skip) =>
        [.. index.Until(long.MaxValue - 1).Select(e => $"{e.Key} {Encoding.UTF8.GetString(e.Value.Span[skip..])}")];

    private static byte[] Key(string key) => [JoinKeys.Head, .. Encoding.UTF8.GetBytes(key)];

    private static BufferedRecord Record(RecordFlags flags, long timestampMs, long endMs, long dueMs, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        return new BufferedRecord
        {
            Flags = flags,
            TimestampMs = timestampMs,
            EndMs = endMs,
            DueMs = dueMs,
            Source = bytes,
            Length = bytes.Length,
        };
    }

    private static byte[] Write(JoinEntry entry)
    {
        var buffer = new ByteBuffer();
        entry.Write(buffer);
        return buffer.Written.ToArray();
    }

    private static List<string> Describe(JoinEntry entry)
    {
        var lines = new List<string>();
        foreach (ref readonly var record in entry.Records)
        {
            lines.Add(
                $"{record.TimestampMs} {record.EndMs} {record.DueMs} {record.Flags} "
                + Encoding.UTF8.GetString(record.Value));
        }
        return lines;
    }
}
