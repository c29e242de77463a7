using System.Buffers;
using Alloc.Engine.State;
using Alloc.Engine.Transactions;

namespace Engine.Tests.Watermarks;

/// <summary>The times of a task as bytes: in changelogs, and in the header of its database.</summary>
public sealed class TaskTimeTests
{
    private static readonly Dictionary<string, long> Watermarks = new() { ["orders"] = 1_000, ["é"] = -5 };

    [Fact]
    public void Times_with_watermarks_are_read_as_they_were_written()
    {
        var read = TaskTime.Read(new TaskTime(77, Watermarks).ToBytes());

        Assert.Equal(77, read.StreamTimeMs);
        Assert.Equal(Watermarks, read.Watermarks);
    }

    [Fact]
    public void Times_of_a_version_without_watermarks_are_read()
    {
        var read = TaskTime.Read(Convert.FromHexString("0000018BCFE56800"));

        Assert.Equal((1_700_000_000_000, 0), (read.StreamTimeMs, read.Watermarks.Count));
    }

    [Fact]
    public void Without_watermarks_the_bytes_are_those_of_a_version_without() =>
        Assert.Equal("0000018BCFE56800", Convert.ToHexString(
            new TaskTime(1_700_000_000_000, TaskTime.None).ToBytes()));

    [Fact]
    public void Times_that_are_cut_short_are_refused()
    {
        var whole = new TaskTime(77, new Dictionary<string, long> { ["orders"] = 1 }).ToBytes();

        for (var length = 0; length < whole.Length; length++)
        {
            if (length != sizeof(long))
            {
                Assert.Throws<InvalidDataException>(() => TaskTime.Read(whole.AsSpan(0, length)));
            }
        }
        Assert.Throws<InvalidDataException>(() => TaskTime.Read([.. whole, 0]));
        Assert.Throws<InvalidDataException>(() => TaskTime.Read([.. new byte[8], 0, 0, .. new byte[8]]));
    }

    [Fact]
    public void Of_two_times_the_later_of_each_counts()
    {
        var both = new TaskTime(5, Watermarks).Max(
            new TaskTime(4, new Dictionary<string, long> { ["orders"] = 999, ["more"] = 1 }));

        Assert.Equal(5, both.StreamTimeMs);
        Assert.Equal(
            new Dictionary<string, long> { ["orders"] = 1_000, ["é"] = -5, ["more"] = 1 }, both.Watermarks);
    }

    [Fact]
    public void A_position_keeps_watermarks_and_one_without_any_has_the_bytes_of_an_earlier_version()
    {
        var plain = new StatePosition
        {
            Changelogs = new Dictionary<string, long> { ["log"] = 9 },
            SourceMarks = new Dictionary<string, long> { ["in"] = 3 },
            StreamTimeMs = 7,
        };

        var read = StatePosition.Read(Bytes(plain with { Watermarks = Watermarks }));

        Assert.Equal(Watermarks, read.Watermarks);
        Assert.Equal((9L, 3L, 7L), (read.Changelogs["log"], read.SourceMarks["in"], read.StreamTimeMs));
        Assert.Equal(
            "01" + "0700000000000000" + "01000000" + "03000000" + "6C6F67" + "0900000000000000"
            + "01000000" + "02000000" + "696E" + "0300000000000000", Convert.ToHexString(Bytes(plain)));
        Assert.Empty(StatePosition.Read(Bytes(plain)).Watermarks);
    }

    [Fact]
    public void A_position_of_a_later_version_or_with_bytes_too_many_or_too_few_is_refused()
    {
        var bytes = Bytes(new StatePosition { Watermarks = Watermarks });

        Assert.Throws<InvalidDataException>(() => StatePosition.Read([3, .. bytes[1..]]));
        Assert.Throws<InvalidDataException>(() => StatePosition.Read([1, .. bytes[1..]]));
        Assert.Throws<InvalidDataException>(() => StatePosition.Read([.. bytes, 0]));
        Assert.Throws<InvalidDataException>(() => StatePosition.Read(bytes.AsSpan(0, bytes.Length - 1)));
    }

    private static byte[] Bytes(StatePosition position)
    {
        var output = new ArrayBufferWriter<byte>();
        position.Write(output);
        return output.WrittenSpan.ToArray();
    }
}
