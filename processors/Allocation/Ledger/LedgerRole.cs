using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>For whom a ledger decides.</summary>
public enum LedgerRole
{
    /// <summary>The system of record: its outcomes are what happened.</summary>
    Authority,

    /// <summary>
    /// A trial beside another system: decides about pools whose slice is in mode Shadow, and about no others. Its
    /// outcomes say what would have happened.
    /// </summary>
    Shadow,
}

/// <summary>The slices as a shadow sees them.</summary>
internal static class ShadowSlices
{
    /// <summary>
    /// The slice of a pool: authoritative where the mode is Shadow, another system's everywhere else. What belongs to a
    /// partition is the shadow's own.
    /// </summary>
    public static AuthoritySlice SliceOf(IReadOnlyList<AuthoritySlice> slices, string poolId)
    {
        var slice = Authority.SliceOf(slices, poolId);
        return poolId.StartsWith('$')
            ? slice
            : slice with
            {
                Mode = slice.Mode == AuthorityMode.Shadow ? AuthorityMode.Authoritative : AuthorityMode.Legacy,
            };
    }
}
