using System.Buffers;
using System.Buffers.Binary;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>An entry of a time index.</summary>
internal readonly record struct TimedKey<TKey>(long DueAtMs, TKey Key);

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
internal sealed class TimedKeySerde<TKey>(ISerde<TKey> keySerde) : ISerde<TimedKey<TKey>>
{
    public void Serialize(TimedKey<TKey> value, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(sizeof(long)), (ulong)value.DueAtMs ^ (1UL << 63));
        output.Advance(sizeof(long));
        keySerde.Serialize(value.Key, output);
    }

    public TimedKey<TKey> Deserialize(ReadOnlySpan<byte> data) => data.Length >= sizeof(long)
        ? new TimedKey<TKey>(
            (long)(BinaryPrimitives.ReadUInt64BigEndian(data) ^ (1UL << 63)), keySerde.Deserialize(data[sizeof(long)..]))
        : throw new TaskCorruptedException($"An entry of a time index takes at least 8 bytes, here are {data.Length}.");
}
