using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>Digests of ranges: how many entries, and the sum of their hashes.</summary>
public static class RangeDigests
{
    /// <summary>
    /// Entries of a range that is made: few, so that where one differs little is looked at again; and so many that the
    /// digests of a million entries are a few hundred kilobytes.
    /// </summary>
    public const int EntriesPerRange = 250;

    /// <summary>Cuts entries, in order, into ranges; the first begins where the span does.</summary>
    public static IEnumerable<ScanRange> Make(IEnumerable<ScannedEntry> entries, ScanSpan span)
    {
        var from = span.From;
        long count = 0;
        ulong sum = 0;
        foreach (var entry in entries)
        {
            if (count == EntriesPerRange)
            {
                yield return Range(from, count, sum);
                (from, count, sum) = (ScannedEntries.KeyOf(entry), 0, 0);
            }
            count++;
            sum = unchecked(sum + ScannedEntries.DigestOf(entry));
        }
        yield return Range(from, count, sum);
    }

    /// <summary>The ranges of the ledger in which searches have something else.</summary>
    /// <param name="ledger">Its ranges, in order, at least one.</param>
    /// <param name="search">What searches have, in order.</param>
    /// <param name="span">What both are of.</param>
    public static List<ScanSpan> Differing(
        IReadOnlyList<ScanRange> ledger, IEnumerable<ScannedEntry> search, ScanSpan span)
    {
        var differing = new List<ScanSpan>();
        var at = 0;
        long count = 0;
        ulong sum = 0;
        foreach (var entry in search)
        {
            while (at + 1 < ledger.Count && ScannedEntries.Compare(ScannedEntries.KeyOf(entry), First(at + 1)) >= 0)
            {
                End();
            }
            count++;
            sum = unchecked(sum + ScannedEntries.DigestOf(entry));
        }
        while (at < ledger.Count)
        {
            End();
        }
        return differing;

        PoolKey First(int index) => new(ledger[index].FromPool, ledger[index].FromReservation);

        void End()
        {
            if (ledger[at].Count != count || ledger[at].Digest != unchecked((long)sum))
            {
                differing.Add(new ScanSpan(First(at), at + 1 < ledger.Count ? First(at + 1) : span.To));
            }
            at++;
            (count, sum) = (0, 0);
        }
    }

    private static ScanRange Range(PoolKey from, long count, ulong sum) => new()
    {
        FromPool = from.PoolId,
        FromReservation = from.Id,
        Count = count,
        Digest = unchecked((long)sum),
    };
}
