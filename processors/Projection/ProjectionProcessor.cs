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
/// <param name="options">What is being built anew.</param>
internal sealed class ProjectionProcessor(ProjectionOptions options)
    : IProcessor<string, AllocationOutcome, string, AllocationOutcome>
{
    private IProcessorContext<string, AllocationOutcome> context = null!;
    private IKeyValueStore<PoolKey, ReservationView> reservations = null!;
    private ProjectionFold fold = null!;
    private PoolKey sweepFrom;

    /// <summary>How often what is past its time is looked for.</summary>
    public static TimeSpan SweepInterval { get; } = TimeSpan.FromSeconds(10);

    /// <summary>How often it is looked whether a scope is being built anew.</summary>
    public static TimeSpan RepairInterval { get; } = TimeSpan.FromMilliseconds(500);

    private const int EntriesPerSweep = 2_000;
    private static readonly PoolKey Start = new("", "");

    private ScopeRepair? Repair => options.Repairs?.At(context.Partition);

    public void Init(IProcessorContext<string, AllocationOutcome> context)
    {
        this.context = context;
        reservations = context.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations);
        fold = new ProjectionFold(
            context.GetStore<IKeyValueStore<string, ProjectedPool>>(ProjectionStores.Pools), reservations,
            context.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index));
        sweepFrom = Start;
        context.Schedule(SweepInterval, PunctuationType.WallClock, _ => Sweep());
        if (options.Repairs is not null)
        {
            Repair?.Opened();
            context.Schedule(RepairInterval, PunctuationType.WallClock, nowMs => Repair?.Work(fold, nowMs));
            context.WhenCommitted((_, _) => Repair?.Committed());
        }
    }

    public void Process(in Record<string, AllocationOutcome> record)
    {
        if (record.Value is not { } outcome)
        {
            throw new StreamsException($"The journal has a record without a value at {Place()}.");
        }
        Repair?.Keep(outcome);
        var known = fold.Known(outcome.PoolId);
        if (outcome.Sequence <= known)
        {
            return;
        }
        if (outcome.Sequence != known + 1)
        {
            if (Repair is { } repair && repair.IsToAwait(outcome.PoolId))
            {
                throw new DependencyUnavailableException($"{repair.Scope} of the search, which is being built anew,");
            }
            throw new StreamsException(JournalGap.Describe(
                outcome, known, Place(),
                $"When it is, alloc projection rebuild --scope partition/{context.Partition}."));
        }
        fold.Fold(outcome);
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
        forgotten.ForEach(fold.Delete);
    }

    private string Place() =>
        context.Metadata is { } at ? $"{at.Topic}-{at.Partition}@{at.Offset}" : "an unknown place";
}
