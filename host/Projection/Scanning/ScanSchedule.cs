namespace Alloc.Host.Projection.Scanning;

/// <summary>
/// When a partition is scanned next. The first scan comes a few minutes after the partition has caught up, for a
/// restart has others to do first; one that failed is tried again soon. Instances that were started together do not
/// stay together.
/// </summary>
/// <param name="interval">From scan to scan; zero: never.</param>
/// <param name="jitter">0 to 1, another at each call.</param>
/// <param name="time">The clock.</param>
internal sealed class ScanSchedule(TimeSpan interval, Func<double> jitter, TimeProvider time)
{
    /// <summary>From when a partition is here to its first scan, at least; and how much more it may be.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMinutes(3);

    /// <summary>After a failure, at most.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();
    private readonly Dictionary<int, Plan> plans = [];

    /// <summary>Whether scans are made without being asked for.</summary>
    public bool IsOn => interval > TimeSpan.Zero;

    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The partition that has been due for longest; null: none is.</summary>
    /// <param name="here">The partitions that are here; others are forgotten.</param>
    /// <param name="caughtUp">Those of them that can be scanned now.</param>
    public int? Next(IReadOnlyCollection<int> here, IReadOnlyCollection<int> caughtUp)
    {
        lock (gate)
        {
            foreach (var gone in plans.Keys.Where(p => !here.Contains(p)).ToList())
            {
                plans.Remove(gone);
            }
            if (!IsOn)
            {
                return null;
            }
            foreach (var partition in caughtUp.Where(p => !plans.ContainsKey(p)))
            {
                var dueAt = Now + (interval < First ? interval * jitter() : First * (1 + jitter()));
                plans[partition] = new Plan(dueAt, dueAt);
            }
            return plans.Where(p => p.Value.NextAt <= Now && caughtUp.Contains(p.Key))
                .OrderBy(p => p.Value.NextAt).ThenBy(p => p.Key).Select(p => (int?)p.Key).FirstOrDefault();
        }
    }

    /// <summary>A partition was scanned, or that failed.</summary>
    public void Done(int partition, bool isScanned)
    {
        lock (gate)
        {
            if (!plans.TryGetValue(partition, out var plan))
            {
                return;
            }
            if (isScanned)
            {
                var dueAt = Now + (interval * (0.9 + (0.2 * jitter())));
                plans[partition] = new Plan(dueAt, dueAt);
            }
            else
            {
                plans[partition] = plan with { NextAt = Now + (interval < Again ? interval : Again) };
            }
        }
    }

    /// <summary>For how long partitions should have been scanned, and were not.</summary>
    public IReadOnlyList<(int Partition, TimeSpan Overdue)> Overdue()
    {
        lock (gate)
        {
            return
            [
                .. plans.Select(p => (p.Key, p.Value.DueAt < Now ? Now - p.Value.DueAt : TimeSpan.Zero)),
            ];
        }
    }

    /// <summary>When it is looked at next, and since when it is due or when it will be.</summary>
    private readonly record struct Plan(DateTimeOffset NextAt, DateTimeOffset DueAt);
}
