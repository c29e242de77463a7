namespace Alloc.Engine.Processing;

/// <summary>The stores of a task, by name.</summary>
public interface IStores
{
    /// <exception cref="TopologyException">No such store, or of another type.</exception>
    TStore GetStore<TStore>(string name)
        where TStore : class;
}

/// <summary>
/// Folds the records of a journal topic into the stores that have it for their changelog. Used while restoring only;
/// one instance serves one restore of one task.
/// </summary>
public interface IJournalApplier
{
    /// <summary>Applies one journal record with plain writes to the stores.</summary>
    /// <param name="key">The record's key as bytes; empty for null.</param>
    /// <param name="value">The record's value as bytes; empty for null.</param>
    /// <param name="offset">The record's offset in the journal, for messages.</param>
    /// <param name="stores">The stores that the journal feeds.</param>
    /// <returns>Which input record the entry decided.</returns>
    /// <exception cref="StreamsException">The journal does not follow on from the state (a gap or a repeat): the task
    /// stops.</exception>
    JournalEntry Apply(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long offset, IStores stores);
}

/// <summary>The input record that a journal record was decided from.</summary>
/// <param name="SourceTopic">The input topic.</param>
/// <param name="SourcePartition">The input partition; must be the journal's own.</param>
/// <param name="SourceOffset">The input record's offset.</param>
/// <param name="IsOriginal">True for the outcome of the record itself, false for what it caused; only originals move
/// the mark.</param>
public readonly record struct JournalEntry(string SourceTopic, int SourcePartition, long SourceOffset, bool IsOriginal);
