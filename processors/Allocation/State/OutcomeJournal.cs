using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.State;

/// <summary>
/// Builds the stores from the outcomes: the same <see cref="Evolve"/> that runs after every decision.
/// </summary>
public sealed class OutcomeJournal(IDeserializer<AllocationOutcome> outcomes) : IJournalApplier
{
    private StoreLedgerState? state;
    private IStores? known;

    /// <inheritdoc/>
    public JournalEntry Apply(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long offset, IStores stores)
    {
        var outcome = Read(value, offset);
        if (state is null || !ReferenceEquals(known, stores))
        {
            state = new StoreLedgerState(stores);
            known = stores;
        }
        state.BeginRecord();
        try
        {
            Evolve.Apply(state, outcome);
        }
        catch (LedgerFaultException error)
        {
            throw new StreamsException($"The journal does not fold at offset {offset}: {error.Message}", error);
        }
        var source = outcome.Source;
        return new JournalEntry(source.Topic, source.Partition, source.Offset, IsOriginal: outcome.CausedBy is null);
    }

    private AllocationOutcome Read(ReadOnlySpan<byte> value, long offset)
    {
        try
        {
            return outcomes.Deserialize(value);
        }
        catch (BadRecordException error)
        {
            throw new StreamsException(
                $"The journal has something at offset {offset} that is no outcome: {error.Message}", error);
        }
    }
}
