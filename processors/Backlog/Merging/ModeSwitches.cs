using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// Switches modes: tells so on the topic of modes, and commands the ledger where it is the one to act.
/// </summary>
internal sealed class ModeSwitches(
    MergeStores stores, int commandPartitions, Action<PartitionedKey, object> emit)
{
    /// <summary>Looks at the mode's measure.</summary>
    public void Look(OperationsCatalogue catalogue, ModeRow row, StageStatus? status, long nowMs)
    {
        var memory = MemoryOf(row);
        var value = status is null ? null : ModeMeasures.Of(row, status);
        var rival = catalogue.Rival(row, m => MemoryOf(m).On, m => MemoryOf(m).IsNeeded);
        var next = ModeAutomaton.Next(row, memory, value, rival is not null, nowMs);
        Keep(row.Id, memory, next);
        if (next.On != memory.On)
        {
            Tell(catalogue, row, next, value, next.On ? row.OnAt : row.OffAt, nowMs);
        }
    }

    /// <summary>An operator asks for a mode to be on or off.</summary>
    /// <exception cref="BadRecordException">The catalogue has no such mode, or nobody asks.</exception>
    public void Take(OperationsCatalogue catalogue, ModeState asked, long nowMs)
    {
        var row = catalogue.Mode(asked.Mode) ?? throw new BadRecordException(string.Create(
            CultureInfo.InvariantCulture,
            $"version {catalogue.Version} of the operations catalogue has no mode '{asked.Mode}'"))
        {
            Kind = BadRecordKind.Unknown,
        };
        if (string.IsNullOrEmpty(asked.Person))
        {
            throw new BadRecordException($"nobody asks for mode '{asked.Mode}' to be switched; name the person");
        }
        var memory = MemoryOf(row);
        var next = ModeAutomaton.Switch(memory, asked.On, asked.Person, asked.Reason, nowMs);
        Keep(row.Id, memory, next);
        Tell(catalogue, row, next, null, null, nowMs);
    }

    /// <summary>A mode whose row is gone acts no more.</summary>
    public void End(OperationsCatalogue catalogue, string mode, long nowMs)
    {
        var memory = stores.Modes.Get(mode);
        if (memory is null)
        {
            return;
        }
        stores.Modes.Delete(mode);
        if (memory.On && stores.ModeStates.Get(mode) is { } last)
        {
            var state = last with
            {
                On = false,
                Value = null,
                Threshold = null,
                Changes = "nothing any more",
                SinceMs = nowMs,
                Person = null,
                Reason = "the catalogue has the mode no more",
                CatalogueVersion = catalogue.Version,
            };
            Emit(state, ModeMeasures.ActsOnLedger(last.Effect), nowMs);
        }
    }

    private static ModeMemory Unused { get; } = new() { On = false, SinceMs = 0, Episode = 0, IsNeeded = false };

    private ModeMemory MemoryOf(ModeRow row) => stores.Modes.Get(row.Id) ?? Unused;

    private void Keep(string mode, ModeMemory before, ModeMemory after)
    {
        if (after != before)
        {
            stores.Modes.Put(mode, after);
        }
    }

    private void Tell(
        OperationsCatalogue catalogue, ModeRow row, ModeMemory memory, double? value, double? threshold, long nowMs)
    {
        var state = new ModeState
        {
            Mode = row.Id,
            On = memory.On,
            StageId = row.Stage,
            Measure = ModeMeasures.NameOf(row.Measure),
            Value = value is { } finite && double.IsFinite(finite) ? finite : null,
            Threshold = threshold,
            Effect = ModeMeasures.NameOf(row.Effect),
            Changes = memory.On ? ModeMeasures.Changes(row) : "nothing any more",
            CapMs = row.CapMs,
            Pools = [.. row.Pools.Select(p => p.Text)],
            Classes = [.. row.Classes],
            SinceMs = memory.SinceMs,
            Episode = memory.Episode,
            Person = memory.Person,
            Reason = memory.Person is null ? Why(row, memory, value, threshold) : memory.Reason,
            CatalogueVersion = catalogue.Version,
            Decided = true,
        };
        Emit(state, row.ActsOnLedger, nowMs);
    }

    private static string Why(ModeRow row, ModeMemory memory, double? value, double? threshold) => string.Create(
        CultureInfo.InvariantCulture,
        $"{ModeMeasures.NameOf(row.Measure)} of {row.Stage} is {value:0.###}, {(memory.On ? "at or above" : "below")} "
        + $"{threshold:0.###}");

    private void Emit(ModeState state, bool isOfLedger, long nowMs)
    {
        stores.ModeStates.Put(state.Mode, state);
        emit(new PartitionedKey(state.Mode, -1), state);
        for (var partition = 0; isOfLedger && partition < commandPartitions; partition++)
        {
            emit(new PartitionedKey(ReservedKeys.Mode, partition), Command(state, partition, nowMs));
        }
    }

    private static AllocationCommand Command(ModeState state, int partition, long nowMs)
    {
        var id = string.Create(
            CultureInfo.InvariantCulture,
            $"mode/{state.Mode}/{state.Episode}/{state.SinceMs}/{(state.On ? "on" : "off")}/{nowMs}/{partition}");
        return new AllocationCommand
        {
            CommandId = id,
            PoolId = ReservedKeys.Mode,
            Actor = state.Person is { } person
                ? new Actor { Type = ActorType.Operator, Id = person }
                : new Actor { Type = ActorType.Service, Id = "backlog" },
            CorrelationId = $"mode/{state.Mode}",
            IssuedAtMs = nowMs,
            Body = new AllocationCommandBody.ModeSwitch
            {
                Mode = state.Mode,
                On = state.On,
                // A mode that goes is named and nothing more: what it acted on the ledger knows.
                CapMs = state.On ? state.CapMs : null,
                Reason = state.Reason,
                Pools = state.On ? state.Pools : [],
                Classes = state.On ? state.Classes : [],
            },
        };
    }
}
