namespace Alloc.Broker.Storage;

/// <summary>A transaction that was aborted in one partition.</summary>
/// <param name="ProducerId">Who wrote it.</param>
/// <param name="FirstOffset">Offset of its first record.</param>
/// <param name="LastOffset">Offset of its abort marker.</param>
internal readonly record struct AbortedTransaction(long ProducerId, long FirstOffset, long LastOffset);

/// <summary>
/// The aborted transactions of one partition by rising last offset. Readers get exactly those that touch what they
/// fetch: one too many would make a client drop a later committed transaction of the same producer.
/// </summary>
internal sealed class AbortedTransactions
{
    private readonly List<AbortedTransaction> entries = [];

    /// <summary>All entries, by rising last offset.</summary>
    public IReadOnlyList<AbortedTransaction> All => entries;

    /// <summary>Adds a transaction whose marker is the newest of the partition.</summary>
    public void Add(AbortedTransaction entry) => entries.Add(entry);

    /// <summary>Entries with a last offset from <paramref name="fetchOffset"/> on and a first offset below
    /// <paramref name="upperBound"/>, by rising first offset as clients expect them.</summary>
    public AbortedTransaction[] Between(long fetchOffset, long upperBound)
    {
        var first = LowerBound(fetchOffset);
        if (first == entries.Count)
        {
            return [];
        }
        var found = new List<AbortedTransaction>();
        for (var index = first; index < entries.Count; index++)
        {
            if (entries[index].FirstOffset < upperBound)
            {
                found.Add(entries[index]);
            }
        }
        found.Sort(static (left, right) => left.FirstOffset.CompareTo(right.FirstOffset));
        return [.. found];
    }

    /// <summary>Forgets what ended below <paramref name="startOffset"/>.</summary>
    public void TrimBelow(long startOffset) => entries.RemoveRange(0, LowerBound(startOffset));

    private int LowerBound(long offset)
    {
        int low = 0, high = entries.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (entries[middle].LastOffset < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}
