using System.Buffers.Binary;
using System.Globalization;
using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Coordination;

/// <summary>One file of the coordinators' journal as recovery finds it.</summary>
internal sealed class JournalFile
{
    private const string Prefix = "state-";
    private const string Suffix = ".journal";

    private JournalFile(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    /// <summary>Where the payload of each record begins and its size, without the journal's own records.</summary>
    public List<(int Start, int Size)> Records { get; } = [];

    /// <summary>Bytes up to the end of the last record that can be read.</summary>
    public int ValidSize { get; private set; }

    /// <summary>Bytes of the snapshot that the file opens with.</summary>
    public int SnapshotSize { get; private set; }

    public bool HasSnapshot => SnapshotSize > 0;

    public static string PathOf(string directory, long number) =>
        Path.Combine(directory, $"{Prefix}{number.ToString("D10", CultureInfo.InvariantCulture)}{Suffix}");

    /// <summary>The journal files of a directory, oldest first.</summary>
    public static List<(long Number, string Path)> List(string directory) =>
    [
        .. Directory.EnumerateFiles(directory, Prefix + "*" + Suffix)
            .Select(path => (Number: NumberOf(path), Path: path))
            .Where(file => file.Number > 0)
            .OrderBy(file => file.Number),
    ];

    /// <summary>Reads a file up to its torn tail.</summary>
    /// <exception cref="JournalDamagedException">What cannot be read had been durable.</exception>
    public static JournalFile Read(string path, RecoveryMode mode)
    {
        var file = new JournalFile(File.ReadAllBytes(path));
        while (file.TryReadFrame(file.ValidSize, out var size))
        {
            file.Take(file.ValidSize + StateJournal.FrameSize, size);
            file.ValidSize += StateJournal.FrameSize + size;
        }

        if (file.IsDamagedAt(file.ValidSize, mode))
        {
            throw new JournalDamagedException(
                $"{path} is damaged at byte {file.ValidSize}: records after it can be read, it cannot. " +
                "Restore the data directory from a copy; going on would forget committed offsets and transactions.");
        }

        return file;
    }

    private static long NumberOf(string path)
    {
        var name = Path.GetFileName(path.AsSpan())[Prefix.Length..^Suffix.Length];
        return long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    private void Take(int start, int size)
    {
        var reader = new RecordReader(Bytes.AsSpan(start, size));
        switch ((JournalRecordKind)reader.Byte())
        {
            case JournalRecordKind.Header:
                break;
            case JournalRecordKind.SnapshotEnd:
                SnapshotSize = start + size;
                break;
            default:
                Records.Add((start, size));
                break;
        }
    }

    private bool IsDamagedAt(int position, RecoveryMode mode)
    {
        for (var at = position + 1; at <= Bytes.Length - StateJournal.FrameSize; at++)
        {
            if (TryReadFrame(at, out _))
            {
                return mode == RecoveryMode.SameBoot ||
                    BinaryPrimitives.ReadInt64BigEndian(Bytes.AsSpan(at + 10)) > position;
            }
        }

        return false;
    }

    private bool TryReadFrame(int position, out int size)
    {
        size = 0;
        var rest = Bytes.AsSpan(position);
        if (rest.Length < StateJournal.FrameSize || BinaryPrimitives.ReadInt16BigEndian(rest) != StateJournal.Magic)
        {
            return false;
        }

        size = BinaryPrimitives.ReadInt32BigEndian(rest[6..]);
        return size > 0 && size <= rest.Length - StateJournal.FrameSize &&
            BinaryPrimitives.ReadUInt32BigEndian(rest[2..]) ==
            Crc32C.Compute(rest[6..(StateJournal.FrameSize + size)]);
    }
}
