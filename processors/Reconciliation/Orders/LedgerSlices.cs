using System.Globalization;
using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>Who decides about which pools, as each partition of the ledger told.</summary>
/// <param name="store">Slices by partition of the ledger.</param>
/// <param name="partitionCount">Partitions of the ledger.</param>
internal sealed class LedgerSlices(IKeyValueStore<long, SlicesOf> store, int partitionCount)
{
    private const char BeforeNumber = '/';
    private readonly Dictionary<long, SlicesOf> known = store.All().ToDictionary(s => s.Key, s => s.Value);

    /// <summary>Whether a pool is decided about here, and by nobody else.</summary>
    public bool IsAuthoritative(string poolId) => known.Count == 0
        || !known.TryGetValue(Murmur2.Partition(Encoding.UTF8.GetBytes(poolId), partitionCount), out var slices)
        || Authority.SliceOf(slices.Slices, poolId).Mode == AuthorityMode.Authoritative;

    /// <summary>A partition has another authority for a slice; false: its name is none.</summary>
    public bool Take(string partitionPool, OrderAuthority authority)
    {
        if (!long.TryParse(
            partitionPool.AsSpan(partitionPool.LastIndexOf(BeforeNumber) + 1), NumberStyles.None,
            CultureInfo.InvariantCulture, out var partition))
        {
            return false;
        }
        var slices = new SlicesOf
        {
            Slices = Authority.With(
                known.GetValueOrDefault(partition)?.Slices ?? [], new AuthoritySlice
                {
                    Slice = authority.Slice,
                    Mode = authority.Mode,
                    Owner = authority.Owner,
                    Epoch = authority.Epoch,
                }),
        };
        known[partition] = slices;
        store.Put(partition, slices);
        return true;
    }
}
