namespace Alloc.Engine.Processing;

/// <summary>
/// Counts records of a task that came too late, by source, or went another way of their own, by what that is; those of
/// a record whose work is dropped do not count.
/// </summary>
internal sealed class RecordTally
{
    private List<string>? ofRecord;
    private Dictionary<string, long>? counted;

    /// <summary>Whether there is anything to <see cref="Take"/>.</summary>
    public bool HasCounted => counted is { Count: > 0 };

    /// <summary>One more of a kind, if the work at hand is kept.</summary>
    public void Report(string kind) => (ofRecord ??= []).Add(kind);

    /// <summary>The work at hand is dropped.</summary>
    public void Drop() => ofRecord?.Clear();

    /// <summary>The work at hand is kept.</summary>
    public void Keep()
    {
        if (ofRecord is not { Count: > 0 })
        {
            return;
        }
        counted ??= new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var kind in ofRecord)
        {
            counted[kind] = counted.GetValueOrDefault(kind) + 1;
        }
        ofRecord.Clear();
    }

    /// <summary>Hands over what was counted since the last time, by kind.</summary>
    public void Take(Action<long, string> take)
    {
        if (counted is not { Count: > 0 })
        {
            return;
        }
        foreach (var (kind, count) in counted)
        {
            take(count, kind);
        }
        counted.Clear();
    }
}
