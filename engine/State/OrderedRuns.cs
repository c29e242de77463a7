namespace Alloc.Engine.State;

/// <summary>The last write of one key; a null value hides the database's.</summary>
/// <param name="Key">The key's bytes, without the store's id.</param>
/// <param name="Value">The value; null for a delete.</param>
internal readonly record struct RunEntry<TValue>(byte[] Key, TValue? Value)
    where TValue : class;

/// <summary>
/// Entries in the order of their keys, in runs: sorted arrays that are never changed, only replaced by one that two of
/// them are merged to. A scan takes the runs as they are and is not disturbed by what is added meanwhile.
/// </summary>
/// <remarks>
/// What is added is sorted when somebody next takes the runs. A run is merged with the one before it while that is no
/// more than twice as long, so an entry is moved some times, not each time; and no run becomes longer than
/// <see cref="RunLimit"/>, so nobody waits for a merge of all there is.
/// </remarks>
internal sealed class OrderedRuns<TValue>
    where TValue : class
{
    /// <summary>Entries a run at most.</summary>
    public const int RunLimit = 32 * 1024;

    private readonly List<RunEntry<TValue>[]> runs = [];
    private readonly List<RunEntry<TValue>> added = [];

    /// <summary>Adds an entry that is newer than all that were added before.</summary>
    public void Add(RunEntry<TValue> entry)
    {
        added.Add(entry);
        if (added.Count == RunLimit)
        {
            SortAdded();
        }
    }

    /// <summary>Takes the runs, older ones first.</summary>
    public void Take(List<RunEntry<TValue>[]> taken)
    {
        SortAdded();
        taken.AddRange(runs);
    }

    private void SortAdded()
    {
        if (added.Count == 0)
        {
            return;
        }
        runs.Add(Sorted(added));
        added.Clear();
        while (runs.Count > 1 && runs[^2].Length <= 2 * runs[^1].Length
            && runs[^2].Length + runs[^1].Length <= RunLimit)
        {
            var merged = Merged(runs[^2], runs[^1]);
            runs.RemoveAt(runs.Count - 1);
            runs[^1] = merged;
        }
    }

    private static RunEntry<TValue>[] Sorted(List<RunEntry<TValue>> entries)
    {
        var places = new int[entries.Count];
        for (var place = 0; place < places.Length; place++)
        {
            places[place] = place;
        }
        places.AsSpan().Sort((x, y) =>
        {
            var order = entries[x].Key.AsSpan().SequenceCompareTo(entries[y].Key);
            return order != 0 ? order : y.CompareTo(x);
        });
        var sorted = new List<RunEntry<TValue>>(places.Length);
        foreach (var place in places)
        {
            AddNewest(sorted, entries[place]);
        }
        return [.. sorted];
    }

    private static RunEntry<TValue>[] Merged(RunEntry<TValue>[] older, RunEntry<TValue>[] newer)
    {
        var merged = new List<RunEntry<TValue>>(older.Length + newer.Length);
        var (o, n) = (0, 0);
        while (o < older.Length || n < newer.Length)
        {
            var isNewer = o == older.Length
                || (n < newer.Length && newer[n].Key.AsSpan().SequenceCompareTo(older[o].Key) <= 0);
            AddNewest(merged, isNewer ? newer[n++] : older[o++]);
        }
        return [.. merged];
    }

    // Of entries with the same key the newest comes first.
    private static void AddNewest(List<RunEntry<TValue>> entries, RunEntry<TValue> entry)
    {
        if (entries.Count == 0 || !entries[^1].Key.AsSpan().SequenceEqual(entry.Key))
        {
            entries.Add(entry);
        }
    }
}
