using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>
/// Tier 0: a command that makes no sense whatever the state is Malformed; the detail names the field.
/// </summary>
internal static partial class ShapeRules
{
    /// <summary>
    /// Longest reason of a release, in characters: a limit of the contract, not of a policy. A parked command is
    /// written again with every outcome of its reservation, so all of its texts are short.
    /// </summary>
    private const int MaximumReasonLength = 1_024;

    /// <summary>Adds a reason for every field that is out of its range.</summary>
    public static void Check(Decision d, AllocationCommand command)
    {
        var limits = d.Policy.Limits;
        Id(d, command.CommandId, "commandId");
        Reference(d, command.CorrelationId, "correlationId");
        Reference(d, command.CausationId, "causationId");
        Reference(d, command.Actor.Id, "actor.id");
        Reference(d, command.Actor.Channel, "actor.channel");
        Reference(d, command.Actor.Tier, "actor.tier");
        if (command.Actor.Type == ActorType.Unknown)
        {
            Malformed(d, "actor.type is unknown");
        }
        if (command.ExpectedVersion < 0)
        {
            Malformed(d, "expectedVersion is negative");
        }
        else if (command.ExpectedVersion is not null && !MayExpectVersion(command.Body))
        {
            Malformed(d, "expectedVersion is for a command about one reservation");
        }
        switch (command.Body)
        {
            case AllocationCommandBody.Hold hold:
                Hold(d, hold, limits);
                break;
            case AllocationCommandBody.Confirm confirm:
                Id(d, confirm.ReservationId, "reservationId");
                OptionalQuantity(d, confirm.Quantity);
                Known(d, confirm.Remainder != Remainder.Unknown, "remainder");
                break;
            case AllocationCommandBody.Release release:
                Id(d, release.ReservationId, "reservationId");
                OptionalQuantity(d, release.Quantity);
                Known(d, release.Bucket != ReleaseBucket.Unknown, "bucket");
                Reason(d, release.Reason);
                break;
            case AllocationCommandBody.Consume consume:
                Fact(d, consume.ReservationId, consume.Quantity, consume.ConsumeId, consume.Source,
                    consume.SourceSequence);
                break;
            case AllocationCommandBody.Return returned:
                Fact(d, returned.ReservationId, returned.Quantity, returned.ConsumeId, returned.Source,
                    returned.SourceSequence);
                Known(d, returned.Disposition != ReturnDisposition.Unknown, "disposition");
                break;
            case AllocationCommandBody.Extend extend:
                Id(d, extend.ReservationId, "reservationId");
                Positive(d, extend.TtlMs, "ttlMs");
                break;
            case AllocationCommandBody.Amend amend:
                Amend(d, amend);
                break;
            case AllocationCommandBody.Split split:
                Split(d, split);
                break;
            case AllocationCommandBody.Reassign reassign:
                Reassign(d, reassign);
                break;
            case AllocationCommandBody.ForceRelease force:
                ForceRelease(d, force);
                break;
            case AllocationCommandBody.Approve approve:
                Id(d, approve.ApprovedCommandId, "approvedCommandId");
                break;
            case AllocationCommandBody.Import import:
                Import(d, import);
                break;
            case AllocationCommandBody.Repair repair:
                Repair(d, command, repair);
                break;
            case AllocationCommandBody.PolicyActivate activate:
                Activate(d, activate);
                break;
            case AllocationCommandBody.ModeSwitch change:
                Mode(d, change);
                break;
            case AllocationCommandBody.AuthorityTransfer transfer:
                Transfer(d, transfer);
                break;
            case AllocationCommandBody.SupplyDelta delta:
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
                break;
            case AllocationCommandBody.SupplySnapshot snapshot:
                Snapshot(d, snapshot, limits);
                break;
            case AllocationCommandBody.Block block:
                Quantity(d, block.Quantity);
                break;
            case AllocationCommandBody.Unblock unblock:
                Quantity(d, unblock.Quantity);
                break;
            case AllocationCommandBody.PoolConfigure configure:
                Known(d, configure.Set is null || !configure.Set.Contains(PoolSetting.Unknown), "set");
                Settings(d, configure.Settings, limits);
                break;
            default:
                break;
        }
    }

    // Where no version is looked at, one that is given would be a precondition that nobody checks. Physical facts are
    // refused for none.
    private static bool MayExpectVersion(AllocationCommandBody body) => body switch
    {
        AllocationCommandBody.Hold hold => hold.Lines.Count <= 1,
        AllocationCommandBody.Repair repair => repair.Action == RepairRules.Release,
        AllocationCommandBody.Approve or AllocationCommandBody.Block or AllocationCommandBody.Unblock
            or AllocationCommandBody.PoolConfigure => false,
        _ => !CommandKinds.IsForPartition(CommandKinds.Of(body)),
    };

    /// <summary>What is wrong with a text as an id, each fault in words of its own; null where nothing is.</summary>
    public static string? IdFault(string text, int maximumLength) => text.Length == 0 ? "is empty"
        : text.Length > maximumLength ? $"is too long: {text.Length} characters, at most {maximumLength}"
        : text.AsSpan().IndexOfAnyInRange('\0', '\u001f') is >= 0 and var at
            ? $"has a control character, U+{(int)text[at]:X4}, as character {at + 1}"
        : null;

    /// <summary>The same of the id of a pool, which is not one of those that name a partition or all of them.</summary>
    public static string? PoolIdFault(string text, int maximumLength) => text.StartsWith('$')
        ? "begins with $: such names are reserved"
        : IdFault(text, maximumLength);

    private static void Hold(Decision d, AllocationCommandBody.Hold hold, PolicyLimits limits)
    {
        Known(d, hold.Mode != HoldMode.Unknown, "mode");
        if (hold.TtlMs is { } ttlMs)
        {
            Positive(d, ttlMs, "ttlMs");
        }
        if (hold.Attributes.Count > limits.MaximumAttributes)
        {
            Range(d, "attributes", hold.Attributes.Count, 0, limits.MaximumAttributes);
        }
        Reference(d, hold.OrderRef, "orderRef");
        Reference(d, hold.CustomerRef, "customerRef");
        Reference(d, hold.GroupId, "groupId");
        Reference(d, hold.Class, "class");
        Reference(d, hold.Attributes.GetValueOrDefault(Scopes.DealerAttribute), "attributes.dealer");
        if (hold.WaitUntilMs is not null && hold.Mode != HoldMode.Waitlist)
        {
            Malformed(d, "waitUntil is for mode Waitlist");
        }
        if (hold.Lines.Count == 0)
        {
            if (hold.ReservationId is null || hold.Quantity is null)
            {
                Malformed(d, "reservationId and quantity, or lines, are needed");
                return;
            }
            Line(d, hold.ReservationId, hold.Quantity.Value, hold.MinQuantity, hold.Mode);
            return;
        }
        if (hold.ReservationId is not null || hold.Quantity is not null || hold.MinQuantity is not null)
        {
            Malformed(d, "reservationId, quantity and minQuantity are for a request without lines");
        }
        if (hold.Mode == HoldMode.Waitlist && hold.Lines.Count > 1)
        {
            Malformed(d, "a request that waits has one line");
        }
        if (hold.Lines.Count > limits.MaximumLines)
        {
            Range(d, "lines", hold.Lines.Count, 1, limits.MaximumLines);
            return;
        }
        for (var index = 0; index < hold.Lines.Count; index++)
        {
            var line = hold.Lines[index];
            Line(d, line.ReservationId, line.Quantity, line.MinQuantity, hold.Mode);
            Reference(d, line.Class, "class");
            for (var other = 0; other < index; other++)
            {
                if (hold.Lines[other].ReservationId == line.ReservationId)
                {
                    d.Fail(ReasonCode.Malformed, "two lines have the same reservationId", line.ReservationId);
                }
            }
        }
    }

    private static void Line(Decision d, string reservationId, long quantity, long? minimum, HoldMode mode)
    {
        Id(d, reservationId, "reservationId");
        Quantity(d, quantity);
        if (minimum is { } least && (least < 1 || least > quantity))
        {
            Range(d, "minQuantity", least, 1, quantity);
        }
        else if (minimum is not null && mode != HoldMode.Partial)
        {
            Malformed(d, "minQuantity is for mode Partial");
        }
    }

    private static void Fact(
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

    private static void Snapshot(Decision d, AllocationCommandBody.SupplySnapshot snapshot, PolicyLimits limits)
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

    private static void Settings(Decision d, PoolSettings settings, PolicyLimits limits)
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

    private static void Source(Decision d, string source, long sequence)
    {
        Id(d, source, "source");
        Sequence(d, sequence);
    }

    private static void Sequence(Decision d, long sequence)
    {
        if (sequence < 1 || sequence == long.MaxValue)
        {
            Malformed(d, "sourceSequence is out of range");
        }
    }

    private static void OptionalQuantity(Decision d, long? quantity)
    {
        if (quantity is { } given)
        {
            Quantity(d, given);
        }
    }

    private static void Quantity(Decision d, long quantity)
    {
        if (quantity < 1 || quantity > d.Policy.Limits.MaximumQuantity)
        {
            Range(d, "quantity", quantity, 1, d.Policy.Limits.MaximumQuantity);
        }
    }

    private static void Positive(Decision d, long value, string field)
    {
        if (value < 1)
        {
            Range(d, field, value, 1, long.MaxValue);
        }
    }

    private static void Id(Decision d, string text, string field)
    {
        if (IdFault(text, d.Policy.Limits.MaximumIdLength) is { } fault)
        {
            d.Fail(
                ReasonCode.Malformed, $"{field} {fault}", null,
                Trace.N(NumberName.Length, text.Length), Trace.N(NumberName.Maximum, d.Policy.Limits.MaximumIdLength));
        }
    }

    private static void Reference(Decision d, string? text, string field)
    {
        if (text is not null && text.Length > d.Policy.Limits.MaximumIdLength)
        {
            d.Fail(
                ReasonCode.Malformed, $"{field} is too long", null,
                Trace.N(NumberName.Length, text.Length), Trace.N(NumberName.Maximum, d.Policy.Limits.MaximumIdLength));
        }
    }

    private static void Known(Decision d, bool isKnown, string field)
    {
        if (!isKnown)
        {
            Malformed(d, $"{field} has a value that this version does not know");
        }
    }

    private static void Range(Decision d, string field, long value, long minimum, long maximum) => d.Fail(
        ReasonCode.Malformed, $"{field} is out of range", null,
        Trace.N(NumberName.Actual, value), Trace.N(NumberName.Minimum, minimum), Trace.N(NumberName.Maximum, maximum));

    private static void Malformed(Decision d, string detail) => d.Fail(ReasonCode.Malformed, detail);
}
