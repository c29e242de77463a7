using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection;

/// <summary>Which store of the projection an entry is of.</summary>
public enum ProjectionPart
{
    /// <summary>How far a pool is.</summary>
    Pool,

    /// <summary>A reservation.</summary>
    Reservation,

    /// <summary>A reservation in an index.</summary>
    Index,
}

/// <summary>One entry of the projection, by its key.</summary>
/// <param name="Part">The store.</param>
/// <param name="PoolId">The pool that it is of.</param>
/// <param name="Id">The reservation; empty for a pool's own entry.</param>
/// <param name="Index">The key in the index, where it is of that.</param>
public readonly record struct ProjectionEntry(ProjectionPart Part, string PoolId, string Id, IndexKey Index)
{
    /// <summary>The reservation's key.</summary>
    public PoolKey Key => new(PoolId, Id);

    /// <summary>A pool's own entry.</summary>
    public static ProjectionEntry OfPool(string poolId) => new(ProjectionPart.Pool, poolId, "", default);

    /// <summary>A reservation's entry.</summary>
    public static ProjectionEntry Of(PoolKey key) => new(ProjectionPart.Reservation, key.PoolId, key.Id, default);

    /// <summary>An entry of an index.</summary>
    public static ProjectionEntry Of(IndexKey key) => new(ProjectionPart.Index, key.PoolId, key.Id, key);
}

/// <summary>What is built anew: a partition, or one pool of it.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="PoolId">The pool; null for all pools of the partition.</param>
public sealed record ProjectionScope(int Partition, string? PoolId)
{
    /// <summary>Whether a pool of the partition is meant.</summary>
    public bool Covers(string poolId) => PoolId is null || PoolId == poolId;

    /// <inheritdoc/>
    public override string ToString() => PoolId is null ? $"partition/{Partition}" : $"pool/{PoolId}";
}

/// <summary>Reads of one partition's projection: all three stores, of one application or of a scratch.</summary>
/// <param name="pools">How far each pool is.</param>
/// <param name="reservations">Reservations, by pool and id.</param>
/// <param name="index">Reservations by order, customer and status.</param>
public sealed class ProjectionReads(
    IReadOnlyKeyValueStore<string, ProjectedPool> pools, IReadOnlyKeyValueStore<PoolKey, ReservationView> reservations,
    IReadOnlyKeyValueStore<IndexKey, IndexEntry> index)
{
    /// <summary>How far a pool is, or null.</summary>
    public ProjectedPool? Pool(string poolId) => pools.Get(poolId);

    /// <summary>A reservation; null where there is none, or it is forgotten by then.</summary>
    /// <param name="key">The reservation.</param>
    /// <param name="nowMs">Milliseconds since the Unix epoch.</param>
    public ReservationView? Reservation(PoolKey key, long nowMs) =>
        reservations.Get(key) is { } view && !(view.ForgetAtMs <= nowMs) ? view : null;

    /// <summary>Whether an index has the key.</summary>
    public bool Has(IndexKey key) => index.Get(key) is not null;

    /// <summary>Whether an index has the key, of a reservation that is not forgotten and waits for its sweep.</summary>
    public bool Shows(IndexKey key, long nowMs) =>
        Has(key) && !(reservations.Get(new PoolKey(key.PoolId, key.Id))?.ForgetAtMs <= nowMs);

    /// <summary>Every entry of a scope; the whole index is looked at for a pool, too.</summary>
    public IEnumerable<ProjectionEntry> Entries(ProjectionScope scope)
    {
        var keys = scope.PoolId is { } pool
            ? reservations.Range(new PoolKey(pool, ""), new PoolKey(pool + "\u0001", ""))
            : reservations.All();
        return pools.All().Where(p => scope.Covers(p.Key)).Select(p => ProjectionEntry.OfPool(p.Key))
            .Concat(keys.Where(r => scope.Covers(r.Key.PoolId)).Select(r => ProjectionEntry.Of(r.Key)))
            .Concat(index.All().Where(i => scope.Covers(i.Key.PoolId)).Select(i => ProjectionEntry.Of(i.Key)));
    }

    /// <summary>How an entry differs from what it should be; null where it does not.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="truth">What it should be.</param>
    /// <param name="nowMs">What is forgotten by then is no difference.</param>
    public ProjectionDifference? Compare(ProjectionEntry entry, ProjectionReads truth, long nowMs)
    {
        var (there, right, same) = entry.Part switch
        {
            ProjectionPart.Pool => Compare(Pool(entry.PoolId), truth.Pool(entry.PoolId)),
            ProjectionPart.Reservation =>
                Compare(Reservation(entry.Key, nowMs), truth.Reservation(entry.Key, nowMs)),
            _ => Compare(Shows(entry.Index, nowMs), truth.Shows(entry.Index, nowMs)),
        };
        return same ? null
            : !there ? new ProjectionDifference(DifferenceKind.Missing, entry)
            : !right ? new ProjectionDifference(DifferenceKind.Superfluous, entry)
            : new ProjectionDifference(DifferenceKind.Different, entry);
    }

    /// <summary>An entry in words.</summary>
    public string Describe(ProjectionEntry entry) => entry.Part switch
    {
        ProjectionPart.Pool => Pool(entry.PoolId) is { } pool ? $"at outcome {pool.Sequence}" : "not there",
        ProjectionPart.Reservation => Reservation(entry.Key, long.MinValue) is { } view
            ? $"{view.Status}, version {view.Version}, held {view.Held}, confirmed {view.Confirmed}, "
                + $"outcome {view.LastSequence}"
            : "not there",
        _ => Has(entry.Index) ? "there" : "not there",
    };

    private static (bool There, bool Right, bool Same) Compare<T>(T? mine, T? right)
        where T : class => (mine is not null, right is not null, Equals(mine, right));

    private static (bool There, bool Right, bool Same) Compare(bool mine, bool right) => (mine, right, mine == right);
}

/// <summary>In which way an entry is wrong.</summary>
public enum DifferenceKind
{
    /// <summary>It says something else than the journal.</summary>
    Different,

    /// <summary>The journal has it.</summary>
    Missing,

    /// <summary>The journal does not have it.</summary>
    Superfluous,
}

/// <summary>An entry that is not what the journal makes of it.</summary>
public readonly record struct ProjectionDifference(DifferenceKind Kind, ProjectionEntry Entry)
{
    /// <summary>In words, with what is there and what the journal makes of it.</summary>
    public string Describe(ProjectionReads mine, ProjectionReads truth) =>
        $"{Name}: {mine.Describe(Entry)}; by the journal: {truth.Describe(Entry)}";

    private string Name => Entry.Part switch
    {
        ProjectionPart.Pool => $"pool {Entry.PoolId}",
        ProjectionPart.Reservation => $"reservation {Entry.PoolId}/{Entry.Id}",
        _ => $"entry {Entry.PoolId}/{Entry.Id} of {Entry.Index.Kind.ToString().ToLowerInvariant()} {Entry.Index.Value}",
    };
}
