using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Web.Reads;

/// <summary>What each class can get of the pools of one partition, under the policy that is in force there.</summary>
internal sealed class AvailabilityReads
{
    private readonly ILedgerReads reads;
    private readonly AllocationPolicy policy;
    private readonly long t;

    /// <param name="reads">The partition.</param>
    /// <param name="shipped">The policy in force before any was taken.</param>
    /// <param name="nowMs">The time, in milliseconds since 1970 UTC: overbooking may fall as it goes on.</param>
    public AvailabilityReads(ILedgerReads reads, AllocationPolicy shipped, long nowMs)
    {
        this.reads = reads;
        var partition = reads.Partition();
        policy = new PolicyBook(shipped).Find(partition?.PolicyVersion ?? 0, reads.Settings()) ?? shipped;
        t = Math.Max(nowMs, partition?.TMs ?? nowMs);
    }

    /// <summary>Units, 0 or more, for each class, the highest first; none for anybody while the pool is in deficit.
    /// </summary>
    public IReadOnlyList<ClassAvailability> Of(PoolState pool)
    {
        var published = Availability.Publish(policy, pool, t, scope => reads.Usage(pool.PoolId, scope));
        return [.. published.Available.Select(c => c with
        {
            Available = pool.Deficit > 0 ? 0 : Math.Max(0, c.Available),
        })];
    }
}
