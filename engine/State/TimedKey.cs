using System.Buffers;
using System.Buffers.Binary;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>An entry of a time index.</summary>
internal readonly record struct TimedKey(long DueAtMs, EncodedKey Key)
{
    /// <summary>The same with a key that may be kept.</summary>
    public TimedKey Owned() => this with { Key = Key.Own() };
}

/// <summary>What a time index holds for an entry: that it is there. Has no bytes.</summary>
internal sealed class Present
{
    private Present()
    {
    }

    public static Present Instance { get; } = new();

    public static ISerde<Present> Serde { get; } = new PresentSerde();

    private sealed class PresentSerde : ISerde<Present>
    {
        public void Serialize(Present value, IBufferWriter<byte> output)
        {
        }

        public Present Deserialize(ReadOnlySpan<byte> data) => Instance;
    }
}

/// <summary>Eight bytes of time, big-endian with the sign bit flipped, then the key.</summary>
internal sealed class TimedKeySerde : ISerde<TimedKey>
{
    public static TimedKeySerde Instance { get; } = new();

    public void Serialize(TimedKey value, IBufferWriter<byte> output) => Write(value.DueAtMs, value.Key.Span, output);

    public static void Write(long dueAtMs, ReadOnlySpan<byte> key, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(sizeof(long)), (ulong)dueAtMs ^ (1UL << 63));
        output.Advance(sizeof(long));
        output.Write(key);
    }

    public TimedKey Deserialize(ReadOnlySpan<byte> data) => data.Length >= sizeof(long)
        ? new TimedKey(
            (long)(BinaryPrimitives.ReadUInt64BigEndian(data) ^ (1UL << 63)), EncodedKey.CopyOf(data[sizeof(long)..]))
        : throw new TaskCorruptedException($"An entry of a time index takes at least 8 bytes, here are {data.Length}.");
}
