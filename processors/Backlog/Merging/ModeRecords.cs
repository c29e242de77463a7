using System.Globalization;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Keys;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// What is told of modes: on their topic, and as commands to the ledger where it is the one to act. Remembers what was
/// told last of each.
/// </summary>
internal sealed class ModeRecords(
    MergeStores stores, int commandPartitions, Action<PartitionedKey, object> emit)
{
    /// <summary>
    /// How often the ledger is told again of a mode that is on. It takes only what a policy in force allows, and one
    /// that allows the mode may come after it; of what it knows, it says so and changes nothing.
    /// </summary>
    public static readonly TimeSpan ReminderInterval = TimeSpan.FromMinutes(1);

    private const string Nothing = "nothing any more";

    /// <summary>When each mode was commanded last; where that is not known it counts from now.</summary>
    private readonly Dictionary<string, long> commandedAtMs = new(StringComparer.Ordinal);

    /// <summary>What was told of a mode last; null: nothing.</summary>
    public ModeState? Last(string mode) => stores.ModeStates.Get(mode);

    /// <summary>Tells how a mode is by its row.</summary>
    /// <param name="catalogue">The catalogue in force.</param>
    /// <param name="row">The mode's row in it.</param>
    /// <param name="memory">How the mode stands.</param>
    /// <param name="cause">Why it is told.</param>
    /// <param name="nowMs">The clock.</param>
    /// <param name="isCommanded">Whether it changes what the ledger does, where it is the one to act.</param>
    public void Tell(
        OperationsCatalogue catalogue, ModeRow row, ModeMemory memory, ModeCause cause, long nowMs,
        bool isCommanded = true)
    {
        var state = Of(catalogue, row, memory, cause);
        Keep(state);
        Command(state, isCommanded && row.ActsOnLedger, nowMs);
    }

    /// <summary>
    /// Tells that what was told last is over: of the effect that was told, whatever the catalogue says today.
    /// </summary>
    public void End(ModeState told, OperationsCatalogue catalogue, string reason, long nowMs)
    {
        var state = told with
        {
            On = false,
            Value = null,
            Threshold = null,
            Changes = Nothing,
            SinceMs = nowMs,
            Person = null,
            Reason = reason,
            CatalogueVersion = catalogue.Version,
        };
        Keep(state);
        Command(state, ModeMeasures.ActsOnLedger(told.Effect), nowMs);
    }

    /// <summary>Tells the ledger again, once in a while, of a mode that is on.</summary>
    public void Remind(ModeRow row, long nowMs)
    {
        if (!row.ActsOnLedger || Last(row.Id) is not { On: true } told)
        {
            return;
        }
        if (!commandedAtMs.TryAdd(row.Id, nowMs)
            && nowMs - commandedAtMs[row.Id] >= ReminderInterval.TotalMilliseconds)
        {
            Command(told, isOfLedger: true, nowMs);
        }
    }

    private static ModeState Of(OperationsCatalogue catalogue, ModeRow row, ModeMemory memory, ModeCause cause) => new()
    {
        Mode = row.Id,
        On = memory.On,
        StageId = row.Stage,
        Measure = ModeMeasures.NameOf(row.Measure),
        Value = cause.Value is { } finite && double.IsFinite(finite) ? finite : null,
        Threshold = cause.Threshold,
        Effect = ModeMeasures.NameOf(row.Effect),
        Changes = memory.On ? ModeMeasures.Changes(row) : Nothing,
        CapMs = row.CapMs,
        Pools = [.. row.Pools.Select(p => p.Text)],
        Classes = [.. row.Classes],
        SinceMs = memory.SinceMs,
        Episode = memory.Episode,
        Person = memory.Person,
        Reason = cause.Reason,
        CatalogueVersion = catalogue.Version,
        Decided = true,
    };

    private void Keep(ModeState state)
    {
        stores.ModeStates.Put(state.Mode, state);
        emit(new PartitionedKey(state.Mode, -1), state);
    }

    private void Command(ModeState state, bool isOfLedger, long nowMs)
    {
        if (!isOfLedger)
        {
            return;
        }
        commandedAtMs[state.Mode] = nowMs;
        for (var partition = 0; partition < commandPartitions; partition++)
        {
            emit(new PartitionedKey(ReservedKeys.Mode, partition), CommandOf(state, partition, nowMs));
        }
    }

    private static AllocationCommand CommandOf(ModeState state, int partition, long nowMs)
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

/// <summary>Why a mode is told.</summary>
/// <param name="Reason">In words.</param>
/// <param name="Value">What the measure was; null: it is not the measure.</param>
/// <param name="Threshold">What it passed; null: it is not the measure.</param>
internal readonly record struct ModeCause(string Reason, double? Value = null, double? Threshold = null);
