using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection;

/// <summary>
/// Folds the journal into reservations that can be searched for. An outcome that a pool had before is ignored, one that
/// does not follow on stops the task: what is missing would be missing in every answer.
/// </summary>
internal sealed class ProjectionProcessor : IProcessor<string, AllocationOutcome, string, AllocationOutcome>
{
    private IProcessorContext<string, AllocationOutcome> context = null!;
    private IKeyValueStore<string, ProjectedPool> pools = null!;
    private IKeyValueStore<PoolKey, ReservationView> reservations = null!;
    private IKeyValueStore<IndexKey, IndexEntry> index = null!;
    private PoolKey sweepFrom;

    /// <summary>How often what is past its time is looked for.</summary>
    public static TimeSpan SweepInterval { get; } = TimeSpan.FromSeconds(10);

    private const int EntriesPerSweep = 2_000;
    private static readonly PoolKey Start = new("", "");

    public void Init(IProcessorContext<string, AllocationOutcome> context)
    {
        this.context = context;
        pools = context.GetStore<IKeyValueStore<string, ProjectedPool>>(ProjectionStores.Pools);
        reservations = context.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations);
        index = context.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index);
        sweepFrom = Start;
        context.Schedule(SweepInterval, PunctuationType.WallClock, _ => Sweep());
    }

    public void Process(in Record<string, AllocationOutcome> record)
    {
        if (record.Value is not { } outcome)
        {
            throw new StreamsException($"The journal has a record without a value at {Place()}.");
        }
        var known = pools.Get(outcome.PoolId)?.Sequence ?? 0;
        if (outcome.Sequence <= known)
        {
            return;
        }
        if (outcome.Sequence != known + 1)
        {
            throw new StreamsException(
                $"The projection of pool {outcome.PoolId} expects outcome {known + 1} and found {outcome.Sequence} at "
                + $"{Place()}: outcomes are missing from the journal. Run alloc verify; when the journal is whole, "
                + "alloc projection rebuild --scope all.");
        }
        pools.Put(outcome.PoolId, new ProjectedPool { Sequence = outcome.Sequence, TMs = outcome.TMs });
        foreach (var after in outcome.After)
        {
            Fold(outcome, after);
        }
    }

    private void Fold(AllocationOutcome outcome, Reservation after)
    {
        var key = new PoolKey(outcome.PoolId, after.ReservationId);
        var before = reservations.Get(key);
        var view = ReservationViews.Of(outcome, after, before);
        reservations.Put(key, view);
        var now = IndexKeys.Of(view).ToList();
        var then = before is null ? [] : IndexKeys.Of(before).ToList();
        foreach (var gone in then.Except(now))
        {
            index.Delete(gone);
        }
        foreach (var come in now.Except(then))
        {
            index.Put(come, new IndexEntry { Version = view.Version });
        }
    }

    /// <summary>Deletes a bounded piece of what searches ignore already.</summary>
    private void Sweep()
    {
        var t = context.StreamTimeMs;
        var looked = 0;
        var last = sweepFrom;
        var forgotten = new List<ReservationView>();
        foreach (var entry in reservations.Stored(sweepFrom))
        {
            last = entry.Key;
            if (entry.Value.ForgetAtMs <= t)
            {
                forgotten.Add(entry.Value);
            }
            if (++looked == EntriesPerSweep)
            {
                break;
            }
        }
        sweepFrom = looked < EntriesPerSweep ? Start : last;
        foreach (var view in forgotten)
        {
            reservations.Delete(new PoolKey(view.PoolId, view.ReservationId));
            foreach (var key in IndexKeys.Of(view))
            {
                index.Delete(key);
            }
        }
    }

    private string Place() =>
        context.Metadata is { } at ? $"{at.Topic}-{at.Partition}@{at.Offset}" : "an unknown place";
}
