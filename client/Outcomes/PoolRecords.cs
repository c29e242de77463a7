using System.Text;
using Alloc.Schemas.Allocation;

namespace Alloc.Client.Outcomes;

/// <summary>
/// Which records of the journal are about a pool: its own, and what its partition answered to commands that named it:
/// of pools that nobody knows, and of records that lay where they do not belong.
/// </summary>
internal sealed class PoolRecords(string poolId)
{
    private readonly byte[] own = Encoding.UTF8.GetBytes(poolId);
    private (int Number, byte[] Key) partition = (-1, []);

    /// <summary>Whether a record may be about it, by its key alone, which saves decoding the others.</summary>
    public bool MayBe(ReadOnlySpan<byte> key, int at)
    {
        if (partition.Number != at)
        {
            partition = (at, Encoding.UTF8.GetBytes(PoolPartition.PoolOf(at)));
        }
        return own.AsSpan().SequenceEqual(key) || partition.Key.AsSpan().SequenceEqual(key);
    }

    /// <summary>Whether an outcome is about it.</summary>
    public bool Has(AllocationOutcome outcome) => outcome.PoolId == poolId || outcome.RequestedPoolId == poolId;
}
