namespace Alloc.Engine.State;

/// <summary>Reads sorted runs as one ascending sequence, the newest entry of each key.</summary>
internal static class RunMerge
{
    /// <summary>Entries with from ≤ key &lt; to; deletes are among them.</summary>
    /// <param name="runs">The runs, older ones first.</param>
    /// <param name="from">The first key, included.</param>
    /// <param name="to">The end, excluded; null: there is none.</param>
    public static IEnumerable<RunEntry<TValue>> Read<TValue>(
        List<RunEntry<TValue>[]> runs, byte[] from, byte[]? to)
        where TValue : class
    {
        var heads = new PriorityQueue<int, Head>(runs.Count, HeadOrder.Instance);
        for (var run = 0; run < runs.Count; run++)
        {
            Enqueue(runs[run], FirstFrom(runs[run], from), run);
        }
        byte[]? last = null;
        while (heads.TryDequeue(out var index, out var head))
        {
            var entry = runs[head.Run][index];
            Enqueue(runs[head.Run], index + 1, head.Run);
            if (last is null || !entry.Key.AsSpan().SequenceEqual(last))
            {
                last = entry.Key;
                yield return entry;
            }
        }

        void Enqueue(RunEntry<TValue>[] entries, int index, int run)
        {
            if (index < entries.Length && (to is null || entries[index].Key.AsSpan().SequenceCompareTo(to) < 0))
            {
                heads.Enqueue(index, new Head(entries[index].Key, run));
            }
        }
    }

    private static int FirstFrom<TValue>(RunEntry<TValue>[] run, byte[] from)
        where TValue : class
    {
        var (low, high) = (0, run.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (run[middle].Key.AsSpan().SequenceCompareTo(from) < 0)
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

    private readonly record struct Head(byte[] Key, int Run);

    private sealed class HeadOrder : IComparer<Head>
    {
        public static HeadOrder Instance { get; } = new();

        public int Compare(Head x, Head y)
        {
            var order = x.Key.AsSpan().SequenceCompareTo(y.Key);
            return order != 0 ? order : y.Run.CompareTo(x.Run);
        }
    }
}
