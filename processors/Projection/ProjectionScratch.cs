using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection;

/// <summary>
/// A scope of the projection folded apart from the one that answers, from the beginning of the journal. One thread at a
/// time. It is thrown away in the end.
/// </summary>
public sealed class ProjectionScratch : IDisposable
{
    private const int WriteAfter = 20_000;
    private readonly ITaskState state;
    private readonly ProjectionFold fold;
    private readonly ProjectionScope scope;
    private int unwritten;

    /// <param name="states">Opens the state.</param>
    /// <param name="directory">Where it is, empty or absent.</param>
    /// <param name="scope">What is folded.</param>
    public ProjectionScratch(ITaskStateProvider states, string directory, ProjectionScope scope)
    {
        this.scope = scope;
        state = states.Open(new TaskStateOptions
        {
            TaskId = new TaskId(0, scope.Partition),
            Directory = directory,
            Stores = ProjectionStores.Definitions(StorePersistence.Persistent),
        });
        fold = new ProjectionFold(
            state.GetStore<IKeyValueStore<string, ProjectedPool>>(ProjectionStores.Pools),
            state.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations),
            state.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index));
    }

    /// <summary>What it has.</summary>
    public ProjectionReads Reads => fold.Reads;

    /// <summary>Told of each entry that a fold may have changed, from when it is set.</summary>
    public Action<ProjectionEntry>? Touched { get; set; }

    /// <summary>Takes an outcome in; one of another pool, and one that it had before, is ignored.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="place">Where it is in the journal, for an error.</param>
    /// <exception cref="StreamsException">Outcomes before it are missing.</exception>
    public void Fold(AllocationOutcome outcome, Func<string> place)
    {
        if (!scope.Covers(outcome.PoolId) || fold.Known(outcome.PoolId) is var known && outcome.Sequence <= known)
        {
            return;
        }
        if (outcome.Sequence != known + 1)
        {
            throw new StreamsException(JournalGap.Describe(outcome, known, place(), JournalGap.InScope));
        }
        state.BeginRecord();
        Touched?.Invoke(ProjectionEntry.OfPool(outcome.PoolId));
        fold.Fold(outcome, Touched is null ? null : Tell);
        state.CommitRecord();
        if (++unwritten == WriteAfter)
        {
            state.MarkCommitted(state.Freeze(), StatePosition.Empty);
            unwritten = 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => state.Dispose();

    private void Tell(ReservationView? before, ReservationView now)
    {
        Touched!(ProjectionEntry.Of(new PoolKey(now.PoolId, now.ReservationId)));
        foreach (var key in IndexKeys.Of(now).Concat(before is null ? [] : IndexKeys.Of(before)))
        {
            Touched(ProjectionEntry.Of(key));
        }
    }
}
