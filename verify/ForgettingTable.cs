using System.Diagnostics.CodeAnalysis;

namespace Alloc.Verify;

/// <summary>
/// Entries that are over at some time of the log. What is over is not found any more; it is swept when as much again
/// has come, so that there is never more than twice what counts.
/// </summary>
/// <param name="isOver">Whether an entry is over at a time, in milliseconds since 1970.</param>
internal sealed class ForgettingTable<TKey, TValue>(Func<TValue, long, bool> isOver)
    where TKey : notnull
{
    private const int SmallestSweep = 1_024;
    private readonly Dictionary<TKey, TValue> entries = [];
    private int sweepAt = SmallestSweep;

    /// <summary>How many are kept, those included that are over and not swept yet.</summary>
    public int Count => entries.Count;

    /// <summary>Whether there is an entry that is not over.</summary>
    public bool TryFind(TKey key, long timeMs, [MaybeNullWhen(false)] out TValue found) =>
        entries.TryGetValue(key, out found) && !isOver(found, timeMs);

    /// <summary>Writes an entry, in place of one that was before.</summary>
    public void Put(TKey key, TValue value, long timeMs)
    {
        if (entries.Count >= sweepAt)
        {
            Sweep(timeMs);
        }
        entries[key] = value;
    }

    private void Sweep(long timeMs)
    {
        foreach (var (key, value) in entries)
        {
            if (isOver(value, timeMs))
            {
                entries.Remove(key);
            }
        }
        sweepAt = Math.Max(SmallestSweep, 2 * entries.Count);
    }
}
