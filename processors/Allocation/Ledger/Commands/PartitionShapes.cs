using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Commands.FieldRules;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Shapes of commands for a whole partition.</summary>
internal static class PartitionShapes
{
    // SHA-256 in hexadecimal.
    private const int HashLength = 64;

    public static void Mode(Decision d, AllocationCommandBody.ModeSwitch change)
    {
        Id(d, change.Mode, "mode");
        if (change.CapMs is { } capMs)
        {
            Positive(d, capMs, "capMs");
            if (!change.On)
            {
                Malformed(d, "capMs is for a mode that is switched on");
            }
        }
        Reason(d, change.Reason);
    }

    public static void Activate(Decision d, AllocationCommandBody.PolicyActivate activate)
    {
        if (activate.Version < 1)
        {
            Range(d, "version", activate.Version, 1, int.MaxValue);
        }
        if (activate.ContentHash.Length != HashLength)
        {
            Range(d, "contentHash", activate.ContentHash.Length, HashLength, HashLength);
        }
    }

    public static void Transfer(Decision d, AllocationCommandBody.AuthorityTransfer transfer)
    {
        Id(d, transfer.Slice, "slice");
        Id(d, transfer.Owner, "owner");
        Known(d, transfer.Mode != AuthorityMode.Unknown, "mode");
        var star = transfer.Slice.IndexOf('*', StringComparison.Ordinal);
        if (transfer.Slice.StartsWith('$') || (star >= 0 && star < transfer.Slice.Length - 1))
        {
            Malformed(d, "slice is a pool or a prefix that ends in *");
        }
        if (transfer.NewEpoch is < 1 or long.MaxValue)
        {
            Range(d, "newEpoch", transfer.NewEpoch, 1, long.MaxValue - 1);
        }
    }
}
