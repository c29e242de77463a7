namespace Alloc.Broker.Coordination;

/// <summary>What a record of the coordinators' journal says. The numbers are on disk: never reuse one.</summary>
internal enum JournalRecordKind : byte
{
    /// <summary>The first record of a file: the format version.</summary>
    Header = 1,

    /// <summary>
    /// All records before this one are the state when the file was begun; without it the file before counts.
    /// </summary>
    SnapshotEnd = 2,

    /// <summary>Producer ids below the number may have been given out.</summary>
    ProducerIdsReserved = 3,

    /// <summary>The whole state of one transactional id.</summary>
    Transaction = 4,

    /// <summary>A transactional id that was idle for too long is forgotten.</summary>
    TransactionExpired = 5,

    /// <summary>A group's generation with its members and their assignments.</summary>
    Group = 6,

    /// <summary>A group and its offsets are gone.</summary>
    GroupDeleted = 7,

    /// <summary>Offsets committed outside a transaction, or, in a snapshot, in one.</summary>
    OffsetsCommitted = 8,

    /// <summary>Offsets that a transaction commits when it does.</summary>
    OffsetsPending = 9,

    /// <summary>Committed offsets of some partitions are gone.</summary>
    OffsetsDeleted = 10,
}
