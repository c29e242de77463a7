using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Commands.FieldRules;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Shapes of commands for a whole partition.</summary>
internal static class PartitionShapes
{
    // SHA-256 in hexadecimal.
    private const int HashLength = 64;

    // Pools or classes that one switch names: a mode is looked at with every grant.
    private const int MaximumNames = 100;

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
        Names(d, change, change.Pools, "pools");
        Names(d, change, change.Classes, "classes");
        foreach (var pools in change.Pools)
        {
            Pattern(d, pools, "pools");
        }
        Reason(d, change.Reason);
    }

    private static void Names(
        Decision d, AllocationCommandBody.ModeSwitch change, IReadOnlyList<string> names, string field)
    {
        if (names.Count == 0)
        {
            return;
        }
        if (!change.On)
        {
            Malformed(d, $"{field} are for a mode that is switched on");
        }
        if (names.Count > MaximumNames)
        {
            Range(d, field, names.Count, 0, MaximumNames);
            return;
        }
        foreach (var name in names)
        {
            Id(d, name, field);
        }
        if (names.Distinct().Count() < names.Count)
        {
            Malformed(d, $"{field} name one twice");
        }
    }

    private static void Pattern(Decision d, string pools, string field)
    {
        var star = pools.IndexOf('*', StringComparison.Ordinal);
        if (pools.StartsWith('$') || (star >= 0 && star < pools.Length - 1))
        {
            Malformed(d, $"{field} is a pool or a prefix that ends in *");
        }
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
        Pattern(d, transfer.Slice, "slice");
        if (transfer.NewEpoch is < 1 or long.MaxValue)
        {
            Range(d, "newEpoch", transfer.NewEpoch, 1, long.MaxValue - 1);
        }
    }
}
