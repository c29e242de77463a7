using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Commands.FieldRules;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Shapes of facts, counts and configurations.</summary>
internal static class SupplyShapes
{
    public static void Fact(
        Decision d, string reservationId, long quantity, string consumeId, string? source, long? sequence)
    {
        Id(d, reservationId, "reservationId");
        Quantity(d, quantity);
        Id(d, consumeId, "consumeId");
        if (source is null != sequence is null)
        {
            Malformed(d, "source and sourceSequence belong together");
        }
        else if (source is not null)
        {
            Source(d, source, sequence!.Value);
        }
    }

    public static void Delta(Decision d, AllocationCommandBody.SupplyDelta delta, PolicyLimits limits)
    {
        Id(d, delta.Source, "source");
        if (!SupplyRules.IsNumberedHere(delta))
        {
            Sequence(d, delta.SourceSequence);
        }
        if (delta.Quantity == 0 || delta.Quantity > limits.MaximumQuantity
            || delta.Quantity < -limits.MaximumQuantity)
        {
            Range(d, "quantity", delta.Quantity, -limits.MaximumQuantity, limits.MaximumQuantity);
        }
    }

    public static void Snapshot(Decision d, AllocationCommandBody.SupplySnapshot snapshot, PolicyLimits limits)
    {
        Id(d, snapshot.Source, "source");
        if (snapshot.Version < 0 && !SupplyRules.IsNumberedHere(snapshot))
        {
            Malformed(d, "version is negative");
        }
        if (snapshot.Quantity < 0 || snapshot.Quantity > limits.MaximumQuantity)
        {
            Range(d, "quantity", snapshot.Quantity, 0, limits.MaximumQuantity);
        }
        if (snapshot.Blocked is { } blocked && (blocked < 0 || blocked > snapshot.Quantity))
        {
            Range(d, "blocked", blocked, 0, snapshot.Quantity);
        }
        if (snapshot.Through is { } through && (through < 0 || through == long.MaxValue))
        {
            Malformed(d, "through is out of range");
        }
    }

    public static void Settings(Decision d, PoolSettings settings, PolicyLimits limits)
    {
        Known(d, settings.Kind != PoolKind.Unknown, "settings.kind");
        Reference(d, settings.Unit, "settings.unit");
        Reference(d, settings.SnapshotSource, "settings.snapshotSource");
        if (settings.SnapshotSource is { Length: 0 })
        {
            Malformed(d, "settings.snapshotSource is empty");
        }
        if (settings.MaximumCapacity is { } maximum && (maximum < 1 || maximum > limits.MaximumQuantity))
        {
            Range(d, "settings.maximumCapacity", maximum, 1, limits.MaximumQuantity);
        }
    }
}
