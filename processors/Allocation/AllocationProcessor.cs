using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Shadow;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation;

/// <summary>Folds the commands of a partition: the edge between the engine and the ledger.</summary>
internal sealed class AllocationProcessor(AllocationOptions options)
    : IProcessor<string, AllocationCommand, string, AllocationOutcome>
{
    private readonly List<AllocationOutcome> outcomes = [];
    private readonly Queue<AllocationOutcome> uncommitted = new();
    private readonly AllocationMetrics metrics = new(options.Instruments);
    private IProcessorContext<string, AllocationOutcome> context = null!;
    private StoreLedgerState state = null!;
    private AllocationLedger ledger = null!;
    private long tickDueAtMs;

    public void Init(IProcessorContext<string, AllocationOutcome> context)
    {
        this.context = context;
        state = new StoreLedgerState(context);
        ledger = new AllocationLedger(state, options.Policy, context.Partition, options.Role);
        var forgetting = new Forgetting(context, state);
        context.Schedule(Forgetting.Interval, PunctuationType.WallClock, _ => forgetting.Run());
        context.Schedule(AllocationMetrics.Interval, PunctuationType.WallClock, _ => Publish());
        context.WhenCommitted((_, nextOffset) => metrics.Committed(nextOffset, context.WallClockMs));
        context.WhenCommitted(KeepRefusals);
        tickDueAtMs = -1;
        ScheduleTick();
    }

    public void Process(in Record<string, AllocationCommand> record)
    {
        if (options.Role == LedgerRole.Shadow && ShadowTopology.IsUnreadable(record))
        {
            return;
        }
        var metadata = context.Metadata!.Value;
        var command = CommandRecords.Of(
            metadata with { TimestampMs = record.TimestampMs }, record.Key, record.Value, options.PartitionCount);
        outcomes.Clear();
        state.BeginRecord();
        try
        {
            ledger.Fold(command, outcomes);
        }
        catch (LedgerFaultException)
        {
            // The task stops at this record, and no other: the instance lives and tells it.
            metrics.Violated();
            throw;
        }
        var isCommand = false;
        foreach (var outcome in outcomes)
        {
            isCommand |= outcome.CommandId is not null;
            metrics.Count(outcome);
            if (RecentRefusals.Are(outcome))
            {
                uncommitted.Enqueue(outcome);
            }
            context.Forward(new Record<string, AllocationOutcome>(outcome.PoolId, outcome, outcome.TMs));
        }
        if (isCommand)
        {
            metrics.Answered(metadata.Offset, record.TimestampMs);
        }
        ScheduleTick();
    }

    public void Close() => options.Instruments.Partitions.TryRemove(context.Partition, out _);

    private void KeepRefusals(string topic, long nextOffset)
    {
        while (uncommitted.TryPeek(out var refusal) && refusal.Source.Offset < nextOffset)
        {
            options.Refusals.Add(uncommitted.Dequeue());
        }
    }

    private void Publish()
    {
        metrics.Publish();
        state.BeginRecord();
        var partition = state.Partition;
        var overdueMs = state.TryPeekTimer(out var timer) ? Math.Max(0, context.WallClockMs - timer.DueAtMs) : 0;
        options.Instruments.Partitions[context.Partition] = new PartitionStanding(
            partition.Waiters, partition.Deficit, overdueMs / 1000.0, partition.PolicyVersion,
            PolicyUntakenSeconds(), [.. state.Settings.Modes.Select(m => m.Mode)]);
    }

    // Every partition gets a policy in the transaction that writes it: one that has not taken it was refused, is
    // behind, or was passed by.
    private double PolicyUntakenSeconds() =>
        options.AppliedPolicy() is { } applied && applied.Version > state.Settings.HighestPolicy
            ? Math.Max(0, context.WallClockMs - applied.WrittenAtMs) / 1000.0
            : 0;

    // A shadow writes no ticks: what is due fires before the next record, the authority's ticks included.
    private void ScheduleTick()
    {
        if (options.Role == LedgerRole.Shadow)
        {
            return;
        }
        var dueAtMs = state.TryPeekTimer(out var timer) ? timer.DueAtMs : long.MaxValue;
        if (dueAtMs != tickDueAtMs)
        {
            context.ScheduleTick(dueAtMs);
            tickDueAtMs = dueAtMs;
        }
    }
}
