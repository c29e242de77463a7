namespace Alloc.Broker.Groups;

/// <summary>An offset that a group committed, or will when a transaction does.</summary>
/// <param name="LeaderEpoch">−1 if the client did not say.</param>
/// <param name="Sequence">Where it stands in the order of all commits; of two for a partition the higher one
/// counts.</param>
internal readonly record struct CommittedOffset(
    long Offset, int LeaderEpoch, string? Metadata, long CommittedAtMs, long Sequence);

/// <summary>A group's committed offsets, and those that wait for the marker of their transaction.</summary>
internal sealed class GroupOffsets
{
    private readonly Dictionary<TopicPartition, CommittedOffset> committed = [];
    private readonly Dictionary<long, Dictionary<TopicPartition, CommittedOffset>> pending = [];

    public IReadOnlyDictionary<TopicPartition, CommittedOffset> Committed => committed;

    public IEnumerable<long> PendingProducerIds => pending.Keys;

    public bool IsEmpty => committed.Count == 0 && pending.Count == 0;

    public CommittedOffset? Find(TopicPartition partition) =>
        committed.TryGetValue(partition, out var offset) ? offset : null;

    /// <summary>True while a transaction that has not ended may move the partition's offset.</summary>
    public bool IsPending(TopicPartition partition)
    {
        foreach (var offsets in pending.Values)
        {
            if (offsets.ContainsKey(partition))
            {
                return true;
            }
        }

        return false;
    }

    public IEnumerable<TopicPartition> PendingPartitions() => pending.Values.SelectMany(p => p.Keys).Distinct();

    public IReadOnlyDictionary<TopicPartition, CommittedOffset> PendingOf(long producerId) => pending[producerId];

    /// <summary>Takes an offset unless a later one is known already.</summary>
    public void Commit(TopicPartition partition, CommittedOffset offset)
    {
        if (!committed.TryGetValue(partition, out var present) || present.Sequence <= offset.Sequence)
        {
            committed[partition] = offset;
        }
    }

    public void Hold(long producerId, TopicPartition partition, CommittedOffset offset)
    {
        if (!pending.TryGetValue(producerId, out var offsets))
        {
            pending.Add(producerId, offsets = []);
        }

        offsets[partition] = offset;
    }

    /// <summary>
    /// Ends a producer's transaction. Markers may come in another order than the offsets did: the offset that was
    /// appended later wins, as it does in Kafka.
    /// </summary>
    public void Complete(long producerId, bool isCommit)
    {
        if (!pending.Remove(producerId, out var offsets) || !isCommit)
        {
            return;
        }

        foreach (var (partition, offset) in offsets)
        {
            Commit(partition, offset);
        }
    }

    public void Remove(TopicPartition partition)
    {
        committed.Remove(partition);
        foreach (var offsets in pending.Values)
        {
            offsets.Remove(partition);
        }
    }

    public void RemovePendingOf(long producerId) => pending.Remove(producerId);
}
