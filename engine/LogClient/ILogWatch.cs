namespace Alloc.Engine.LogClient;

/// <summary>
/// Looks at input partitions from outside, beside the threads that read them: where the log ends, how far the group is,
/// what waits there and who holds it up. Every call blocks for a few seconds at most and may throw
/// <see cref="LogException"/>; records are looked at by one thread at a time.
/// </summary>
public interface ILogWatch
{
    /// <summary>The high watermarks, read uncommitted; a partition whose end is not known now is absent.</summary>
    IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>The first offset that the log still holds.</summary>
    long Beginning(TopicPartition partition);

    /// <summary>
    /// The first offsets that the log still holds; a partition of which that is not known now is absent.
    /// </summary>
    IReadOnlyDictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>The group's committed offsets; pending ones do not count. Absent where there is none.</summary>
    IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>The members of the group with what they own.</summary>
    IReadOnlyList<GroupMember> Members();

    /// <summary>
    /// Timestamp of the first record at or after an offset, committed or not, in milliseconds since 1970 UTC; null
    /// where there is none before the end.
    /// </summary>
    long? TimestampAt(TopicPartition partition, long offset);

    /// <summary>The transaction that has stood open longest in a partition; null where none does.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">Where reading committed records ends: what is said where the broker tells nothing.</param>
    OpenTransaction? OldestTransaction(TopicPartition partition, long offset);
}

/// <summary>A transaction that stands open in a partition: nothing from its begin on is decided.</summary>
/// <param name="StartOffset">Its first record.</param>
/// <param name="ProducerId">Who writes it; null where the broker does not tell.</param>
/// <param name="TransactionalId">The producer's transactional id; null where no coordinator tells.</param>
/// <param name="StartedAtMs">When it began, or wrote last, milliseconds since 1970 UTC; null where that is not known.
/// </param>
/// <param name="Problem">Why the broker does not tell who it is, in words, or null.</param>
public sealed record OpenTransaction(
    long StartOffset, long? ProducerId, string? TransactionalId, long? StartedAtMs, string? Problem)
{
    /// <summary>The transaction in words.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"a transaction stands open at offset {StartOffset}")
        + (ProducerId is null ? $" ({Problem})" : FormattableString.Invariant($", of producer {ProducerId}")
            + (TransactionalId is null ? "" : $", transactional id {TransactionalId}")
            + (StartedAtMs is not { } at ? "" : FormattableString.Invariant(
                $", since {DateTimeOffset.FromUnixTimeMilliseconds(at):yyyy-MM-ddTHH:mm:ssZ}")));
}
