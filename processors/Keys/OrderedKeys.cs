using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Alloc.Engine.Processing;

namespace Alloc.Processors.Keys;

/// <summary>Reads a key from its bytes.</summary>
internal delegate TKey KeyRead<out TKey>(ref KeyReader reader);

/// <summary>
/// Keys of stores as bytes that order as the keys do: texts with a zero byte after them (ids have no control
/// characters), numbers big-endian with the sign bit turned.
/// </summary>
internal static class OrderedKeys
{
    /// <summary>Ends a text.</summary>
    public const byte EndOfText = 0;

    /// <summary>The bytes that keys begin with whose first part is this text.</summary>
    public static byte[] PrefixOf(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>Writes a text and its end.</summary>
    public static void WriteText(string text, IBufferWriter<byte> output)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length) + 1);
        var size = Encoding.UTF8.GetBytes(text, span);
        span[size] = EndOfText;
        output.Advance(size + 1);
    }

    /// <summary>Writes a number.</summary>
    public static void WriteNumber(long number, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), number ^ long.MinValue);
        output.Advance(sizeof(long));
    }
}

/// <summary>Reads what <see cref="OrderedKeys"/> wrote.</summary>
internal ref struct KeyReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> rest = data;

    public readonly bool IsAtEnd => rest.IsEmpty;

    /// <exception cref="TaskCorruptedException">There is none.</exception>
    public string Text()
    {
        var end = rest.IndexOf(OrderedKeys.EndOfText);
        if (end < 0)
        {
            throw new TaskCorruptedException("A key of a store is damaged: a text has no end.");
        }
        var text = Encoding.UTF8.GetString(rest[..end]);
        rest = rest[(end + 1)..];
        return text;
    }

    /// <exception cref="TaskCorruptedException">There is none.</exception>
    public long Number()
    {
        if (rest.Length < sizeof(long))
        {
            throw new TaskCorruptedException("A key of a store is damaged: a number takes 8 bytes.");
        }
        var number = BinaryPrimitives.ReadInt64BigEndian(rest) ^ long.MinValue;
        rest = rest[sizeof(long)..];
        return number;
    }
}

/// <summary>A serde of keys from two functions.</summary>
internal sealed class KeySerde<TKey>(Action<TKey, IBufferWriter<byte>> write, KeyRead<TKey> read) : ISerde<TKey>
{
    public void Serialize(TKey value, IBufferWriter<byte> output) => write(value, output);

    public TKey Deserialize(ReadOnlySpan<byte> data)
    {
        var reader = new KeyReader(data);
        var key = read(ref reader);
        return reader.IsAtEnd
            ? key
            : throw new TaskCorruptedException("A key of a store is damaged: it goes on after its end.");
    }
}
