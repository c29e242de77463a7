using System.Globalization;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>How far a partition was compacted.</summary>
/// <param name="EndOffset">Offset after the last segment that was.</param>
/// <param name="UniqueUpTo">Offset below which no key has two values.</param>
internal readonly record struct CompactedTo(long EndOffset, long UniqueUpTo);

/// <summary>
/// Replaces full segments by compacted ones, so that a crash leaves all the old ones or all the new ones: new files are
/// written as <c>BASE.cleaned</c>, synced and renamed to <c>BASE-LAST.swap</c>; the file <c>compacted</c> with the
/// offset up to which they reach is the decision; then the old files go, and the new ones get the names of the first of
/// them.
/// </summary>
/// <remarks>The offset in <c>compacted</c> also says which aborted transactions have no records left, whatever an older
/// checkpoint tells.</remarks>
internal static class SegmentSwap
{
    private const string CleanedExtension = ".cleaned";
    private const string SwapExtension = ".swap";
    private const string DecisionName = "compacted";
    private const int Signature = 0x414C_434C;
    private const short FormatVersion = 1;

    /// <summary>Where a replacement is written.</summary>
    public static string CleanedPath(string directory, long baseOffset) =>
        Path.ChangeExtension(Path.Combine(directory, Segment.NameOf(baseOffset)), CleanedExtension);

    /// <summary>Marks a replacement as whole. It counts from <see cref="Decide"/> on.</summary>
    public static string Prepare(string directory, long firstBaseOffset, long lastBaseOffset)
    {
        var swap = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture,
            $"{firstBaseOffset:D20}-{lastBaseOffset:D20}{SwapExtension}"));
        File.Move(CleanedPath(directory, firstBaseOffset), swap, overwrite: true);
        return swap;
    }

    /// <summary>Makes all prepared replacements below <see cref="CompactedTo.EndOffset"/> count.</summary>
    public static void Decide(Disk disk, string directory, CompactedTo compacted)
    {
        disk.SyncDirectory(directory);
        using var writer = new KafkaWriter(64);
        SealedBytes.Begin(writer, Signature, FormatVersion);
        writer.WriteInt64(compacted.EndOffset);
        writer.WriteInt64(compacted.UniqueUpTo);
        AtomicFile.Write(disk, Path.Combine(directory, DecisionName), SealedBytes.End(writer));
    }

    /// <summary>Carries out a decision; repeats do no harm.</summary>
    public static void Apply(string swap)
    {
        var directory = Path.GetDirectoryName(swap)!;
        var (first, last) = BoundsOf(swap);
        foreach (var file in Directory.GetFiles(directory, "*" + Segment.Extension))
        {
            var baseOffset = long.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture);
            if (baseOffset < first || baseOffset > last)
            {
                continue;
            }
            File.Delete(SegmentContents.PathFor(file));
            if (baseOffset > first)
            {
                File.Delete(file);
            }
        }
        File.Move(swap, Path.Combine(directory, Segment.NameOf(first)), overwrite: true);
    }

    /// <summary>Removes replacements that will not be used.</summary>
    public static void Abandon(string directory)
    {
        foreach (var file in Directory.GetFiles(directory, "*" + CleanedExtension)
            .Concat(Directory.GetFiles(directory, "*" + SwapExtension)))
        {
            File.Delete(file);
        }
    }

    /// <summary>Finishes at a start what a crash interrupted. Returns how far the log is compacted.</summary>
    public static CompactedTo Finish(string directory)
    {
        var compacted = default(CompactedTo);
        var decision = Path.Combine(directory, DecisionName);
        if (File.Exists(decision)
            && SealedBytes.TryOpen(File.ReadAllBytes(decision), Signature, FormatVersion, out var body))
        {
            var reader = new KafkaReader(body, 0, isFlexible: false);

            // Files without the second number are of a compaction that could not read every codec: where it passed over
            // a batch, older values of its keys may still be there.
            compacted = new CompactedTo(reader.ReadInt64(), reader.Remaining > 0 ? reader.ReadInt64() : 0);
        }
        foreach (var swap in Directory.GetFiles(directory, "*" + SwapExtension))
        {
            if (BoundsOf(swap).Last < compacted.EndOffset)
            {
                Apply(swap);
            }
        }
        Abandon(directory);
        return compacted;
    }

    private static (long First, long Last) BoundsOf(string swap)
    {
        var bounds = Path.GetFileNameWithoutExtension(swap).Split('-');
        return (long.Parse(bounds[0], CultureInfo.InvariantCulture),
            long.Parse(bounds[1], CultureInfo.InvariantCulture));
    }
}
