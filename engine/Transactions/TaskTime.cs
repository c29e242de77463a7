using System.Buffers.Binary;
using System.Text;

namespace Alloc.Engine.Transactions;

/// <summary>The times that are part of a task's state; in a changelog they are the value of the empty key.</summary>
/// <remarks>
/// Format: stream time (8 bytes), then for each source with a watermark the length of its topic's name in UTF-8 (2
/// bytes), the name, the watermark (8 bytes); big-endian. Without watermarks, the 8 bytes alone.
/// </remarks>
/// <param name="StreamTimeMs">
/// The highest timestamp of a record, milliseconds since the Unix epoch; <see cref="long.MinValue"/> for none.
/// </param>
/// <param name="Watermarks">By source topic, up to when it is known, milliseconds since the Unix epoch.</param>
internal readonly record struct TaskTime(long StreamTimeMs, IReadOnlyDictionary<string, long> Watermarks)
{
    /// <summary>No watermarks.</summary>
    public static IReadOnlyDictionary<string, long> None { get; } = new Dictionary<string, long>();

    /// <summary>Whether two sets of watermarks are the same; null is none.</summary>
    public static bool AreEqual(IReadOnlyDictionary<string, long>? left, IReadOnlyDictionary<string, long>? right)
    {
        left ??= None;
        right ??= None;
        return left.Count == right.Count
            && left.All(l => right.TryGetValue(l.Key, out var watermarkMs) && watermarkMs == l.Value);
    }

    /// <summary>The later of each; none of them goes back.</summary>
    public TaskTime Max(TaskTime other)
    {
        var streamTimeMs = Math.Max(StreamTimeMs, other.StreamTimeMs);
        if (other.Watermarks.Count == 0)
        {
            return new TaskTime(streamTimeMs, Watermarks);
        }
        var watermarks = new Dictionary<string, long>(Watermarks, StringComparer.Ordinal);
        foreach (var (topic, watermarkMs) in other.Watermarks)
        {
            watermarks[topic] = Math.Max(watermarkMs, watermarks.GetValueOrDefault(topic, long.MinValue));
        }
        return new TaskTime(streamTimeMs, watermarks);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[sizeof(long) + Watermarks.Sum(w => SizeOf(w.Key))];
        BinaryPrimitives.WriteInt64BigEndian(bytes, StreamTimeMs);
        var rest = bytes.AsSpan(sizeof(long));
        foreach (var (topic, watermarkMs) in Watermarks.OrderBy(w => w.Key, StringComparer.Ordinal))
        {
            var length = Encoding.UTF8.GetBytes(topic, rest[sizeof(ushort)..]);
            BinaryPrimitives.WriteUInt16BigEndian(rest, checked((ushort)length));
            BinaryPrimitives.WriteInt64BigEndian(rest[(sizeof(ushort) + length)..], watermarkMs);
            rest = rest[SizeOf(topic)..];
        }
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are something else.</exception>
    public static TaskTime Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(long))
        {
            throw new InvalidDataException($"its times have {bytes.Length} bytes, not 8 or more");
        }
        var streamTimeMs = BinaryPrimitives.ReadInt64BigEndian(bytes);
        var rest = bytes[sizeof(long)..];
        if (rest.IsEmpty)
        {
            return new TaskTime(streamTimeMs, None);
        }
        var watermarks = new Dictionary<string, long>(StringComparer.Ordinal);
        while (!rest.IsEmpty)
        {
            var length = rest.Length < sizeof(ushort) ? -1 : BinaryPrimitives.ReadUInt16BigEndian(rest);
            if (length <= 0 || rest.Length < sizeof(ushort) + length + sizeof(long))
            {
                throw new InvalidDataException("its times are cut short");
            }
            rest = rest[sizeof(ushort)..];
            watermarks[Encoding.UTF8.GetString(rest[..length])] = BinaryPrimitives.ReadInt64BigEndian(rest[length..]);
            rest = rest[(length + sizeof(long))..];
        }
        return new TaskTime(streamTimeMs, watermarks);
    }

    private static int SizeOf(string topic) => sizeof(ushort) + Encoding.UTF8.GetByteCount(topic) + sizeof(long);
}
