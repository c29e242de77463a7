using Alloc.Schemas.Allocation;
using Confluent.SchemaRegistry;

namespace Alloc.Client.Outcomes;

/// <summary>Looks things up in the journal of outcomes, newest first, without any instance's help.</summary>
internal sealed class OutcomeJournal(AllocClientOptions settings, ISchemaRegistryClient registry) : IDisposable
{
    private const long FirstWindow = 4_000;
    private const long WindowGrowth = 8;
    private readonly JournalReader reader = new(settings, registry);

    public int PartitionCount => reader.PartitionCount;

    /// <summary>Where a pool lives; what belongs to no pool names its partition.</summary>
    public int PartitionOf(string poolId) => PoolPartition.Of(poolId, PartitionCount);

    /// <summary>
    /// Goes back from the end, window by window, until enough was found or the journal begins. What is found comes
    /// oldest first, within each partition in the journal's order. No more is kept than is asked for, however long the
    /// journal is.
    /// </summary>
    /// <param name="partitions">Where to look.</param>
    /// <param name="poolId">Only what is about this pool, which saves decoding the rest; null for all.</param>
    /// <param name="isWanted">What to keep.</param>
    /// <param name="isEnough">Asked after each window.</param>
    /// <param name="most">How many to keep of each partition, the newest.</param>
    /// <param name="progress">Told of each record: how many offsets were looked at, and how many there are.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="AllocException">The broker stopped giving records.</exception>
    public IReadOnlyList<AllocationOutcome> SearchBack(
        IReadOnlyList<int> partitions,
        string? poolId,
        Func<AllocationOutcome, bool> isWanted,
        Func<IReadOnlyList<AllocationOutcome>, bool> isEnough,
        int most,
        Action<long, long> progress,
        CancellationToken cancellation)
    {
        var ranges = partitions.ToDictionary(p => p, p => reader.Ends(p) is var ends
            ? (ends.Low, Upper: ends.High) : default);
        var total = ranges.Values.Sum(r => r.Upper - r.Low);
        var pool = poolId is null ? null : new PoolRecords(poolId);
        var found = new List<AllocationOutcome>();
        var looked = 0L;
        for (var window = FirstWindow; ranges.Values.Any(r => r.Upper > r.Low); window *= WindowGrowth)
        {
            var older = new List<AllocationOutcome>();
            foreach (var partition in partitions)
            {
                var (low, upper) = ranges[partition];
                var from = Math.Max(low, upper - window);
                var newest = new Queue<AllocationOutcome>();
                foreach (var (offset, outcome) in reader.Range(partition, from, upper, pool, cancellation))
                {
                    progress(looked + offset - from, total);
                    if (outcome is null || !isWanted(outcome))
                    {
                        continue;
                    }
                    if (newest.Count == most)
                    {
                        newest.Dequeue();
                    }
                    newest.Enqueue(outcome);
                }
                older.AddRange(newest);
                looked += upper - from;
                ranges[partition] = (low, from);
            }
            found.InsertRange(0, older);
            if (isEnough(found))
            {
                break;
            }
        }
        return found;
    }

    /// <summary>What comes from now on.</summary>
    public IEnumerable<AllocationOutcome> Follow(int partition, string? poolId, CancellationToken cancellation)
    {
        var pool = poolId is null ? null : new PoolRecords(poolId);
        var end = reader.Ends(partition).High;
        return reader.Range(partition, end, long.MaxValue, pool, cancellation).Select(r => r.Outcome)
            .OfType<AllocationOutcome>();
    }

    public void Dispose() => reader.Dispose();
}
