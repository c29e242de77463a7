using Alloc.Schemas.Avro;
using Alloc.Schemas.Samples;

namespace Schemas.Tests.Codec;

/// <summary>
/// Bytes that nobody wrote in good faith: each fails as a bad record, and none costs memory or stack.
/// </summary>
public sealed class HostileInputTests
{
    private const long TooMuchMemory = 1024 * 1024;

    private delegate T Reading<out T>(ref AvroReader reader);

    [Fact]
    public void A_number_of_eleven_bytes_is_refused()
    {
        byte[] eleven = [.. Enumerable.Repeat((byte)0x80, 10), 1];
        byte[] tenTooBig = [.. Enumerable.Repeat((byte)0xff, 9), 2];

        Refused(eleven, (ref AvroReader r) => r.ReadLong());
        Refused(tenTooBig, (ref AvroReader r) => r.ReadLong());
        Refused([0x80], (ref AvroReader r) => r.ReadLong());
        Refused([], (ref AvroReader r) => r.ReadLong());
    }

    [Fact]
    public void The_longest_numbers_are_read()
    {
        Assert.Equal(long.MinValue, Read([.. Enumerable.Repeat((byte)0xff, 9), 1], (ref AvroReader r) => r.ReadLong()));
        Assert.Equal(
            long.MaxValue, Read([0xfe, .. Enumerable.Repeat((byte)0xff, 8), 1], (ref AvroReader r) => r.ReadLong()));
    }

    [Theory]
    [InlineData(int.MaxValue + 1L)]
    [InlineData(int.MinValue - 1L)]
    [InlineData(long.MaxValue)]
    public void A_long_is_no_int(long value)
    {
        using var writer = new AvroWriter();
        writer.WriteLong(value);

        Refused(writer.WrittenSpan.ToArray(), (ref AvroReader r) => r.ReadInt());
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(2L)]
    [InlineData(1L << 62)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void A_length_that_is_not_there_is_refused_before_anything_is_allocated(long length)
    {
        using var writer = new AvroWriter();
        writer.WriteLong(length);
        writer.WriteRaw([1]);
        var bytes = writer.WrittenSpan.ToArray();

        Refused(bytes, (ref AvroReader r) => r.ReadString());
        Refused(bytes, (ref AvroReader r) => r.ReadBytes());
    }

    [Theory]
    [InlineData(1L << 60)]
    [InlineData(-(1L << 60))]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(1_000_000L)]
    public void A_count_that_cannot_be_true_is_refused_before_anything_is_allocated(long count)
    {
        using var writer = new AvroWriter();
        writer.WriteLong(1);
        writer.WriteLong(count);
        writer.WriteLong(4);
        writer.WriteRaw([0, 0, 0, 0]);

        Refused(writer.WrittenSpan.ToArray(), Tree.Read);
    }

    [Theory]
    [InlineData(1L << 60)]
    [InlineData(100_000L)]
    public void Items_without_bytes_are_bounded_too(long count)
    {
        using var writer = new AvroWriter();
        writer.WriteLong(count);
        writer.WriteLong(0);

        Refused(writer.WrittenSpan.ToArray(), Nothings.Read);
    }

    [Fact]
    public void Items_without_bytes_are_bounded_over_all_blocks()
    {
        using var writer = new AvroWriter();
        for (var i = 0; i < 1_000; i++)
        {
            writer.WriteLong(60_000);
        }

        Refused(writer.WrittenSpan.ToArray(), Nothings.Read);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(100)]
    public void A_block_that_lies_about_its_size_is_refused(int size)
    {
        using var writer = new AvroWriter();
        writer.WriteLong(-1);
        writer.WriteLong(size);
        writer.WriteString("a"u8);
        writer.WriteLong(0);

        Refused(writer.WrittenSpan.ToArray(), Words.Read);
    }

    [Fact]
    public void Blocks_with_and_without_sizes_are_read()
    {
        using var writer = new AvroWriter();
        writer.WriteLong(-2);
        writer.WriteLong(4);
        writer.WriteString("a"u8);
        writer.WriteString("b"u8);
        writer.WriteLong(1);
        writer.WriteString("c"u8);
        writer.WriteLong(0);

        var words = Read(writer.WrittenSpan.ToArray(), Words.Read);

        Assert.Equal(["a", "b", "c"], words.List);
    }

    [Fact]
    public void Many_small_blocks_cost_no_more_than_their_length()
    {
        using var writer = new AvroWriter();
        for (var i = 0; i < 200_000; i++)
        {
            writer.WriteLong(1);
            writer.WriteString("a"u8);
        }
        writer.WriteLong(0);
        var bytes = writer.WrittenSpan.ToArray();

        var before = GC.GetAllocatedBytesForCurrentThread();
        var words = Read(bytes, Words.Read);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(200_000, words.List.Count);
        Assert.InRange(allocated, 0, 32L * 1024 * 1024);
    }

    [Fact]
    public void An_index_out_of_range_is_refused()
    {
        Refused([1, 0, 6], Tree.Read);
        Refused([1], (ref AvroReader r) => r.ReadUnionIndex(2));
        Refused([4], (ref AvroReader r) => r.ReadUnionIndex(2));
        Refused([8], (ref AvroReader r) => r.ReadEnum(4));
        Refused([2], (ref AvroReader r) => r.ReadBoolean());
    }

    [Fact]
    public void Nesting_ten_thousand_deep_is_refused()
    {
        using var writer = new AvroWriter();
        for (var i = 0; i < 10_000; i++)
        {
            writer.WriteLong(1);
            writer.WriteLong(0);
            writer.WriteLong(1);
        }

        var error = Refused(writer.WrittenSpan.ToArray(), Tree.Read);

        Assert.Contains("deeper", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 2, 0x80 })]
    [InlineData(new byte[] { 4, 0xc0, 0xaf })]
    [InlineData(new byte[] { 6, 0xed, 0xa0, 0x80 })]
    [InlineData(new byte[] { 2, 0xff })]
    [InlineData(new byte[] { 6, 0xe2, 0x82, (byte)'a' })]
    public void Text_that_is_not_utf8_is_refused(byte[] bytes)
    {
        Refused(bytes, (ref AvroReader r) => r.ReadString());
    }

    [Fact]
    public void Half_a_surrogate_pair_is_not_written()
    {
        using var writer = new AvroWriter();

        Assert.Throws<AvroException>(() => writer.WriteString("\ud800"));
        Assert.Throws<AvroException>(() => writer.WriteString(new string('x', 100) + "\udc00"));
    }

    [Fact]
    public void Bytes_left_over_are_refused()
    {
        var error = Assert.Throws<AvroException>(() =>
            AvroResolver.Create(Words.Schema, Words.Schema).Read<Words>([0, 0]));

        Assert.Contains("1 bytes are left", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_their_type_cannot_express_are_refused()
    {
        Refused([4, 0x7f, 0xff, 0xff], (ref AvroReader r) => r.ReadUuid());
        using var writer = new AvroWriter();
        writer.WriteLong(long.MaxValue);
        var large = writer.WrittenSpan.ToArray();

        Refused(large, (ref AvroReader r) => r.ReadTimeMicros());
        Refused([1], (ref AvroReader r) => r.ReadTimeMicros());
        Refused([0xff, 0xff, 0xff, 0xff, 0x0f], (ref AvroReader r) => r.ReadDate());
        Refused([26, .. Enumerable.Repeat((byte)0x7f, 13)], (ref AvroReader r) => r.ReadDecimal(2));
        Refused([.. new byte[] { 0x80, 0x10 }, .. new byte[1024]], (ref AvroReader r) => r.ReadDecimal(2));
    }

    private static AvroException Refused<T>(byte[] bytes, Reading<T> read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<AvroException>(() => Read(bytes, read));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, TooMuchMemory);
        return error;
    }

    private static T Read<T>(byte[] bytes, Reading<T> read)
    {
        var reader = new AvroReader(bytes);
        return read(ref reader);
    }
}
