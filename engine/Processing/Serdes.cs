using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Alloc.Engine.Processing;

/// <summary>
/// Writes a value as bytes. Called on the stream thread; one instance may serve several stream threads.
/// </summary>
public interface ISerializer<in T>
{
    /// <summary>Appends the value's bytes. A null value never gets here: it is written as a null.</summary>
    /// <exception cref="DependencyUnavailableException">Something it needs (a registry) does not answer: the partition
    /// waits.</exception>
    void Serialize(T value, IBufferWriter<byte> output);
}

/// <summary>
/// Reads a value from bytes. Called on the stream thread; one instance may serve several stream threads.
/// </summary>
public interface IDeserializer<out T>
{
    /// <summary>
    /// Reads the whole of <paramref name="data"/>. A null in the log never gets here: it becomes <c>default</c>.
    /// </summary>
    /// <exception cref="BadRecordException">The bytes are no such value: the record becomes a dead letter.</exception>
    /// <exception cref="DependencyUnavailableException">Something it needs (a registry) does not answer: the partition
    /// waits.</exception>
    T Deserialize(ReadOnlySpan<byte> data);
}

/// <summary>Both directions. A store's key serde must write bytes whose order is the keys' order.</summary>
public interface ISerde<T> : ISerializer<T>, IDeserializer<T>;

/// <summary>Serdes for plain types. All keep order: bytes compare as the values do.</summary>
public static class Serdes
{
    /// <summary>UTF-8, ordinal order of code points.</summary>
    public static ISerde<string> Utf8 { get; } = new Utf8Serde();

    /// <summary>Eight bytes, big-endian with the sign bit flipped.</summary>
    public static ISerde<long> Int64 { get; } = new Int64Serde();

    /// <summary>
    /// The bytes themselves. A source gives the very array that came from the log, and a sink sends the one that it is
    /// given: nobody may change an array that he was given, or has forwarded.
    /// </summary>
    public static ISerde<byte[]> Bytes { get; } = new BytesSerde();

    /// <summary>Whether what a serde reads and writes are the bytes themselves.</summary>
    internal static bool IsBytes<T>(object serde) => typeof(T) == typeof(byte[]) && ReferenceEquals(serde, Bytes);

    private sealed class Utf8Serde : ISerde<string>
    {
        private static readonly UTF8Encoding Strict = new(
            encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        public void Serialize(string value, IBufferWriter<byte> output) => Strict.GetBytes(value.AsSpan(), output);

        public string Deserialize(ReadOnlySpan<byte> data)
        {
            try
            {
                return Strict.GetString(data);
            }
            catch (DecoderFallbackException error)
            {
                throw new BadRecordException("not valid UTF-8", error) { Kind = BadRecordKind.Unreadable };
            }
        }
    }

    private sealed class Int64Serde : ISerde<long>
    {
        public void Serialize(long value, IBufferWriter<byte> output)
        {
            BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(sizeof(long)), (ulong)value ^ (1UL << 63));
            output.Advance(sizeof(long));
        }

        public long Deserialize(ReadOnlySpan<byte> data) => data.Length == sizeof(long)
            ? (long)(BinaryPrimitives.ReadUInt64BigEndian(data) ^ (1UL << 63))
            : throw new BadRecordException($"a 64-bit integer takes 8 bytes, here are {data.Length}")
            {
                Kind = BadRecordKind.Unreadable,
            };
    }

    private sealed class BytesSerde : ISerde<byte[]>
    {
        public void Serialize(byte[] value, IBufferWriter<byte> output) => output.Write(value);

        public byte[] Deserialize(ReadOnlySpan<byte> data) => data.ToArray();
    }
}
