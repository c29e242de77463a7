using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation;

/// <summary>Slices of authority, as outcomes tell of them.</summary>
internal static class KnownSlices
{
    /// <summary>The same with a slice as it is now.</summary>
    public static SlicesOf With(SlicesOf slices, string slice, AuthorityMode mode, string owner, long epoch) => new()
    {
        Slices =
        [
            .. slices.Slices.Where(s => s.Slice != slice),
            new AuthoritySlice { Slice = slice, Mode = mode, Owner = owner, Epoch = epoch },
        ],
    };
}
