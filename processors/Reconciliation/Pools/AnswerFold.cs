using System.Globalization;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.Watermarks;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Records;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>
/// Each command has an answer: an outcome that names its offset, or a dead letter that does. Both sides come in the
/// order of offsets, so what waits is what lies between them. What allocation has not read yet is no silence: outcomes
/// are known only as far as it has got.
/// </summary>
internal sealed class AnswerFold
{
    private const string Scope = "command";
    private const string Through = "commands-through";
    private const int PerCall = 1_000;
    private static readonly Tolerance Usual = new(TimeSpan.FromSeconds(60), "none");
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly ReconciliationOptions options;
    private readonly IDeserializer<AllocationCommand> commands;
    private readonly IProcessorContext context;
    private readonly PoolStores stores;
    private readonly DifferenceBook differences;
    private readonly PartitionCatalogue catalogue;
    private readonly IWatermarkTimer timer;
    private int unanswered;

    public AnswerFold(
        ReconciliationOptions options, IDeserializer<AllocationCommand> commands, IProcessorContext context,
        PoolStores stores, DifferenceBook differences, PartitionCatalogue catalogue)
    {
        (this.options, this.commands, this.context) = (options, commands, context);
        (this.stores, this.differences, this.catalogue) = (stores, differences, catalogue);
        unanswered = differences.Count(MismatchClass.UnansweredCommand);
        timer = context.CreateWatermarkTimer([options.OutcomeTopic, options.CommandDeadLetterTopic], Pass);
        timer.DueAtMs = stores.Commands.Range(0, long.MaxValue).Take(1).Select(c => DueAtMs(c.Value.AtMs))
            .DefaultIfEmpty(long.MinValue).First();
    }

    // Every command from before this has been read, as far as the log has it.
    private long ReadToMs => context.WatermarkMs(options.CommandTopic) is var knownMs and > long.MinValue
        ? knownMs - (long)Grace.TotalMilliseconds : long.MinValue;

    private Tolerance Tolerance => catalogue.Of(MismatchClass.UnansweredCommand, Usual);

    /// <summary>A command was written.</summary>
    public void Take(RawCommand command, long offset, long atMs)
    {
        stores.MarkOf.Put(Through, new Mark { Value = offset });
        if (stores.Early.Get(offset) is not null)
        {
            stores.Early.Delete(offset);
            return;
        }
        stores.Commands.PutNew(offset, new PendingCommand
        {
            Key = command.Key is null ? null : Encoding.UTF8.GetString(command.Key),
            Value = command.Value,
            AtMs = atMs,
        });
    }

    /// <summary>An outcome or a dead letter answers the command at an offset.</summary>
    /// <param name="offset">Offset of the command.</param>
    /// <param name="atMs">Time of the answer.</param>
    public void Answer(long offset, long atMs)
    {
        if (offset > (stores.MarkOf.Get(Through)?.Value ?? -1))
        {
            // An answer of long ago is to a command that the log no longer has.
            if (atMs >= ReadToMs)
            {
                stores.Early.Put(offset, new Mark { Value = atMs });
            }
        }
        else
        {
            stores.Commands.Delete(offset);
        }
        if (unanswered > 0)
        {
            End(UnreadableKey(PositionOf(offset)));
        }
    }

    /// <summary>An outcome of a command, whichever of its records it answers.</summary>
    public void Answered(string poolId, string commandId)
    {
        if (unanswered == 0)
        {
            return;
        }
        End(KeyOf(poolId, commandId));
        if (poolId.StartsWith('$'))
        {
            // It does not tell which pool was asked: it has none, or there is no such pool.
            foreach (var (key, _) in differences.Those(MismatchClass.UnansweredCommand, Scope, "")
                .Where(d => d.Value.Difference.Scope?.PoolId is { } asked
                    && differences.InForce(KeyOf(asked, commandId)) == d.Key))
            {
                End(key);
            }
        }
    }

    private void End(in DifferenceKey key)
    {
        if (differences.End(key, "it was answered"))
        {
            unanswered--;
        }
    }

    private void Pass(long watermarkMs)
    {
        DropEarly();
        var overdue = new List<KeyValuePair<long, PendingCommand>>();
        var nextMs = DueAtMs(watermarkMs);
        foreach (var pending in stores.Commands.Range(0, long.MaxValue))
        {
            if (DueAtMs(pending.Value.AtMs) >= watermarkMs || overdue.Count == PerCall)
            {
                nextMs = DueAtMs(pending.Value.AtMs);
                break;
            }
            overdue.Add(pending);
        }
        foreach (var (offset, command) in overdue)
        {
            stores.Commands.Delete(offset);
            Tell(offset, command);
        }
        timer.DueAtMs = nextMs;
    }

    // What the log of commands no longer has when it is read for the first time.
    private void DropEarly()
    {
        var untilMs = ReadToMs;
        foreach (var (offset, mark) in stores.Early.Range(0, long.MaxValue).Take(PerCall).ToList())
        {
            if (mark.Value >= untilMs)
            {
                break;
            }
            stores.Early.Delete(offset);
        }
    }

    private void Tell(long offset, PendingCommand pending)
    {
        var command = Decode(pending);
        var position = PositionOf(offset);
        var id = command is null ? position : CompoundIds.Plain(command.PoolId, command.CommandId);
        unanswered++;
        differences.Stand(new Finding(
            command is null ? UnreadableKey(position) : KeyOf(command.PoolId, command.CommandId),
            Sides.Of(
                "command", $"{command?.Body.GetType().Name ?? "A record that is no command"} {id} was written.",
                position, pending.AtMs),
            Sides.Silent("ledger", "No outcome and no dead letter names it."))
        {
            SinceMs = pending.AtMs,
            Episode = position,
            Tolerance = Tolerance,
            PoolId = command?.PoolId,
            Repair = command is null ? null : new RepairFacts
            {
                Kind = RepairKind.SendAgain,
                PoolId = command.PoolId,
                Payload = pending.Value,
            },
            NoRepairWhy = command is null ? "It cannot be read, so it cannot be sent again." : "",
            Choices = [$"alloc topic tail {options.CommandTopic} --partition {context.Partition} --from {offset}"],
        });
    }

    private AllocationCommand? Decode(PendingCommand pending)
    {
        try
        {
            var command = pending.Value is { } value ? commands.Deserialize(value.ToArray()) : null;
            return command is { CommandId.Length: > 0 and <= TextBounds.Id, PoolId.Length: > 0 and <= TextBounds.Id }
                && command.PoolId == pending.Key ? command : null;
        }
        catch (BadRecordException)
        {
            return null;
        }
    }

    private long DueAtMs(long atMs) => atMs + (long)(Tolerance.Time + Grace).TotalMilliseconds;

    private string PositionOf(long offset) => string.Create(
        CultureInfo.InvariantCulture, $"{options.CommandTopic}/{context.Partition}/{offset}");

    private static DifferenceKey UnreadableKey(string position) =>
        new(MismatchClass.UnansweredCommand, Scope, position);

    // A pool may be called as a partition of the topic is, and its command as an offset.
    private DifferenceKey KeyOf(string poolId, string commandId) =>
        poolId.StartsWith(options.CommandTopic + '/', StringComparison.Ordinal)
            ? DifferenceKey.Of(
                MismatchClass.UnansweredCommand, Scope, CompoundIds.Counted(poolId, commandId),
                CompoundIds.Plain(poolId, commandId), poolId)
            : DifferenceKey.InPool(MismatchClass.UnansweredCommand, Scope, poolId, commandId);
}
