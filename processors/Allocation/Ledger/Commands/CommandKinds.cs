using System.Diagnostics;
using System.Globalization;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Kinds of commands.</summary>
public static class CommandKinds
{
    /// <summary>The kind of a body.</summary>
    public static CommandKind Of(AllocationCommandBody body) => body switch
    {
        AllocationCommandBody.Hold => CommandKind.Hold,
        AllocationCommandBody.Confirm => CommandKind.Confirm,
        AllocationCommandBody.Release => CommandKind.Release,
        AllocationCommandBody.Consume => CommandKind.Consume,
        AllocationCommandBody.Return => CommandKind.Return,
        AllocationCommandBody.Extend => CommandKind.Extend,
        AllocationCommandBody.Amend => CommandKind.Amend,
        AllocationCommandBody.Split => CommandKind.Split,
        AllocationCommandBody.Reassign => CommandKind.Reassign,
        AllocationCommandBody.ForceRelease => CommandKind.ForceRelease,
        AllocationCommandBody.Approve => CommandKind.Approve,
        AllocationCommandBody.SupplyDelta => CommandKind.SupplyDelta,
        AllocationCommandBody.SupplySnapshot => CommandKind.SupplySnapshot,
        AllocationCommandBody.Block => CommandKind.Block,
        AllocationCommandBody.Unblock => CommandKind.Unblock,
        AllocationCommandBody.PoolConfigure => CommandKind.PoolConfigure,
        AllocationCommandBody.Import => CommandKind.Import,
        AllocationCommandBody.PolicyActivate => CommandKind.PolicyActivate,
        AllocationCommandBody.ModeSwitch => CommandKind.ModeSwitch,
        AllocationCommandBody.AuthorityTransfer => CommandKind.AuthorityTransfer,
        AllocationCommandBody.Tick => CommandKind.Tick,
        AllocationCommandBody.Repair => CommandKind.Repair,
        _ => throw new UnreachableException(),
    };

    /// <summary>Whether the command is for a whole partition.</summary>
    public static bool IsForPartition(CommandKind kind) => kind
        is CommandKind.PolicyActivate or CommandKind.ModeSwitch or CommandKind.AuthorityTransfer or CommandKind.Tick;

    /// <summary>The key of a command for a whole partition.</summary>
    public static string KeyOf(CommandKind kind) => kind switch
    {
        CommandKind.PolicyActivate => ReservedKeys.Policy,
        CommandKind.ModeSwitch => ReservedKeys.Mode,
        CommandKind.AuthorityTransfer => ReservedKeys.Authority,
        CommandKind.Tick => ReservedKeys.Tick,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The key of such a command is its pool."),
    };

    /// <summary>Whether it reports what happened in the world: a physical fact is never refused.</summary>
    internal static bool IsFact(CommandKind kind) => kind
        is CommandKind.Consume or CommandKind.Return or CommandKind.SupplyDelta or CommandKind.SupplySnapshot;

    /// <summary>Whether a command makes its pool known where it is not.</summary>
    internal static bool CreatesPool(CommandKind kind) => kind
        is CommandKind.PoolConfigure or CommandKind.SupplyDelta or CommandKind.Consume or CommandKind.Return
            or CommandKind.Block;

    /// <summary>The reservation that a command names, the first of several; null where it names none.</summary>
    internal static string? ReservationIn(AllocationCommandBody body) => body switch
    {
        AllocationCommandBody.Hold hold =>
            hold.ReservationId ?? (hold.Lines.Count > 0 ? hold.Lines[0].ReservationId : null),
        AllocationCommandBody.Confirm confirm => confirm.ReservationId,
        AllocationCommandBody.Release release => release.ReservationId,
        AllocationCommandBody.Consume consume => consume.ReservationId,
        AllocationCommandBody.Return returned => returned.ReservationId,
        AllocationCommandBody.Extend extend => extend.ReservationId,
        AllocationCommandBody.Amend amend => amend.ReservationId,
        AllocationCommandBody.Split split => split.ReservationId,
        AllocationCommandBody.Reassign reassign => reassign.ReservationId,
        AllocationCommandBody.ForceRelease release => release.ReservationId,
        AllocationCommandBody.Import import => import.ReservationId,
        AllocationCommandBody.Repair repair => repair.ReservationId,
        _ => null,
    };
}

/// <summary>Names of outcomes.</summary>
public static class OutcomeIds
{
    /// <summary><c>poolId#sequence</c>.</summary>
    public static string Of(string poolId, long sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{poolId}#{sequence}");

    /// <summary>The id of an outcome.</summary>
    public static string Of(AllocationOutcome outcome) => Of(outcome.PoolId, outcome.Sequence);
}
