using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Alloc.Engine.State;

/// <summary>Which part of the log a task's state covers. Kept beside the data it covers, under store id 0.</summary>
public sealed record StatePosition
{
    private const byte FormatVersion = 1;

    /// <summary>The format where watermarks follow; the other is written where there are none.</summary>
    private const byte FormatWithWatermarks = 2;

    /// <summary>The position of an empty state.</summary>
    public static StatePosition Empty { get; } = new();

    /// <summary>
    /// Per changelog or journal topic, the offset of the next record to apply; absent: from the beginning.
    /// </summary>
    public IReadOnlyDictionary<string, long> Changelogs { get; init; } = new Dictionary<string, long>();

    /// <summary>Per input topic, the last offset whose record was decided; absent: none.</summary>
    public IReadOnlyDictionary<string, long> SourceMarks { get; init; } = new Dictionary<string, long>();

    /// <summary>
    /// The task's stream time, milliseconds since the Unix epoch; <see cref="long.MinValue"/> for none.
    /// </summary>
    public long StreamTimeMs { get; init; } = long.MinValue;

    /// <summary>
    /// Per input topic, up to when it was known, milliseconds since the Unix epoch; absent: nothing is known of it.
    /// </summary>
    public IReadOnlyDictionary<string, long> Watermarks { get; init; } = new Dictionary<string, long>();

    /// <summary>True where nothing was ever applied.</summary>
    public bool IsEmpty => Changelogs.Count == 0 && SourceMarks.Count == 0;

    /// <summary>The next offset of a changelog, or null where nothing of it was applied.</summary>
    public long? NextOffset(string changelogTopic) =>
        Changelogs.TryGetValue(changelogTopic, out var next) ? next : null;

    /// <summary>
    /// Writes the position: version, stream time, then changelogs, marks and, where there are any, watermarks as maps
    /// of (length, UTF-8 topic, number), little-endian.
    /// </summary>
    public void Write(IBufferWriter<byte> output)
    {
        var header = output.GetSpan(9);
        header[0] = Watermarks.Count == 0 ? FormatVersion : FormatWithWatermarks;
        BinaryPrimitives.WriteInt64LittleEndian(header[1..], StreamTimeMs);
        output.Advance(9);
        WriteMap(Changelogs, output);
        WriteMap(SourceMarks, output);
        if (Watermarks.Count > 0)
        {
            WriteMap(Watermarks, output);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are no position.</exception>
    public static StatePosition Read(ReadOnlySpan<byte> data)
    {
        if (data.Length < 9 || data[0] is not (FormatVersion or FormatWithWatermarks))
        {
            throw new InvalidDataException("The state's position is damaged or of an unknown format.");
        }
        var hasWatermarks = data[0] == FormatWithWatermarks;
        var streamTimeMs = BinaryPrimitives.ReadInt64LittleEndian(data[1..]);
        data = data[9..];
        var changelogs = ReadMap(ref data);
        var marks = ReadMap(ref data);
        var watermarks = hasWatermarks ? ReadMap(ref data) : [];
        return data.IsEmpty
            ? new StatePosition
            {
                Changelogs = changelogs,
                SourceMarks = marks,
                StreamTimeMs = streamTimeMs,
                Watermarks = watermarks,
            }
            : throw new InvalidDataException("The state's position has trailing bytes.");
    }

    private static void WriteMap(IReadOnlyDictionary<string, long> map, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), map.Count);
        output.Advance(4);
        foreach (var (topic, offset) in map.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            var length = Encoding.UTF8.GetByteCount(topic);
            var span = output.GetSpan(4 + length + 8);
            BinaryPrimitives.WriteInt32LittleEndian(span, length);
            Encoding.UTF8.GetBytes(topic, span[4..]);
            BinaryPrimitives.WriteInt64LittleEndian(span[(4 + length)..], offset);
            output.Advance(4 + length + 8);
        }
    }

    private static Dictionary<string, long> ReadMap(ref ReadOnlySpan<byte> data)
    {
        var count = ReadLength(ref data);
        var map = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var index = 0; index < count; index++)
        {
            var length = ReadLength(ref data);
            if (data.Length - 8 < length)
            {
                throw new InvalidDataException("The state's position is cut short.");
            }
            map[Encoding.UTF8.GetString(data[..length])] = BinaryPrimitives.ReadInt64LittleEndian(data[length..]);
            data = data[(length + 8)..];
        }
        return map;
    }

    private static int ReadLength(ref ReadOnlySpan<byte> data)
    {
        var length = data.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(data) : -1;
        if (length < 0 || length > data.Length - 4)
        {
            throw new InvalidDataException("The state's position is cut short.");
        }
        data = data[4..];
        return length;
    }
}
