namespace Alloc.Engine.Watermarks;

/// <summary>
/// Counts records of a task that came too late, by source, or went another way of their own, by what that is; those of
/// a record whose work is dropped do not count.
/// </summary>
internal sealed class LateRecords
{
    private List<string>? ofRecord;
    private Dictionary<string, long>? counted;

    /// <summary>Whether there is anything to <see cref="Take"/>.</summary>
    public bool HasCounted => counted is { Count: > 0 };

    /// <summary>A record of a source is late, if the work at hand is kept.</summary>
    public void Report(string topic) => (ofRecord ??= []).Add(topic);

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
        foreach (var topic in ofRecord)
        {
            counted[topic] = counted.GetValueOrDefault(topic) + 1;
        }
        ofRecord.Clear();
    }

    /// <summary>Hands over what was counted since the last time, by source topic.</summary>
    public void Take(Action<long, string> take)
    {
        if (counted is not { Count: > 0 })
        {
            return;
        }
        foreach (var (topic, count) in counted)
        {
            take(count, topic);
        }
        counted.Clear();
    }
}
