using Alloc.Schemas.Allocation;
using Streamiz.Kafka.Net.Processors.Public;
using Streamiz.Kafka.Net.State;

namespace Alloc.Samples.Streamiz;

/// <summary>
/// Stops at a gap in a pool's outcomes. What was seen before is passed on again and not dropped: after a crash
/// Streamiz' local store may be ahead of what was committed, so that it proves nothing.
/// </summary>
public sealed class SequenceGuard : ITransformer<string, AllocationOutcome?, string, AllocationOutcome?>
{
    /// <summary>The store of the last sequence of each pool.</summary>
    public const string Store = "sequences";

    private IKeyValueStore<string, long> last = null!;

    /// <inheritdoc/>
    public void Init(ProcessorContext<string, AllocationOutcome?> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        last = (IKeyValueStore<string, long>)context.GetStateStore(Store);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Outcomes are missing.</exception>
    public Record<string, AllocationOutcome?> Process(Record<string, AllocationOutcome?> record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.Value is { } outcome)
        {
            // 0 for a pool of which nothing was seen.
            var expected = last.Get(outcome.PoolId) + 1;
            if (outcome.Sequence > expected)
            {
                throw new InvalidOperationException(
                    $"{outcome.PoolId}#{expected} is missing before #{outcome.Sequence}.");
            }
            if (outcome.Sequence == expected)
            {
                last.Put(outcome.PoolId, outcome.Sequence);
            }
        }
        return record;
    }

    /// <inheritdoc/>
    public void Close()
    {
    }
}
