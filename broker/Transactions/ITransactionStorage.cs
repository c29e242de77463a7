namespace Alloc.Broker.Transactions;

/// <summary>What the transaction coordinator needs from the logs and the disk. Called on the owner loop only.</summary>
internal interface ITransactionStorage
{
    /// <summary>
    /// Calls <paramref name="continuation"/> on the loop once everything that these partitions hold is as durable as
    /// the configured mode promises; at once where it promises nothing. Partitions that are gone are left out.
    /// </summary>
    void WhenDataDurable(IReadOnlyCollection<TopicPartition> partitions, Action continuation);

    /// <summary>
    /// Like <see cref="WhenDataDurable"/>, for all that was appended to the coordinators' journal so far.
    /// </summary>
    void WhenJournalDurable(Action continuation);

    /// <summary>Offset after the last record of a partition; 0 if it is gone.</summary>
    long EndOffset(TopicPartition partition);

    /// <summary>
    /// Ends the producer's transaction in a partition. Does nothing if none is open there that began below
    /// <paramref name="endOffset"/> (it wrote nothing, or the marker was written before a crash) or if the partition is
    /// gone.
    /// </summary>
    /// <exception cref="Storage.StorageException">The disk did not take the marker.</exception>
    void AppendMarker(TopicPartition partition, long endOffset, long producerId, short epoch, bool isCommit);

    /// <summary>Ends the transaction's part in groups.</summary>
    void CompleteOffsets(long producerId, IReadOnlyCollection<string> groups, bool isCommit);
}
