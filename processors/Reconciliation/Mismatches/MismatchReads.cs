using Alloc.Engine.State;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>Which mismatches are wanted; what is null is not asked for.</summary>
public sealed record MismatchFilter
{
    /// <summary>How it stands. Accepted ones come only where they are asked for.</summary>
    public MismatchState? State { get; init; }

    /// <summary>page or ticket.</summary>
    public string? Severity { get; init; }

    /// <summary>The class.</summary>
    public string? Class { get; init; }

    /// <summary>Who owns it.</summary>
    public string? Owner { get; init; }

    /// <summary>Who took it.</summary>
    public string? Assignee { get; init; }

    /// <summary>The id of what disagrees.</summary>
    public string? ScopeId { get; init; }

    /// <summary>The pool.</summary>
    public string? PoolId { get; init; }

    /// <summary>The order.</summary>
    public string? OrderRef { get; init; }

    /// <summary>Whether it is in the exception queue.</summary>
    public bool IsQueued { get; init; }

    /// <summary>
    /// Whether those are asked for that wait for nobody, accepted ones and those that were closed in the last 7 days,
    /// in place of the others. Needs an order or a scope.
    /// </summary>
    public bool IsSettled { get; init; }
}

/// <summary>A place in a list of mismatches: after this one it goes on.</summary>
/// <param name="Severity">page or ticket.</param>
/// <param name="OpenedAtMs">When it was opened, milliseconds since 1970 UTC.</param>
/// <param name="MismatchId">Its id.</param>
public sealed record MismatchPlace(string Severity, long OpenedAtMs, string MismatchId);

/// <summary>A mismatch in a list.</summary>
/// <param name="Place">Where it is.</param>
/// <param name="Line">What lists show of it.</param>
public sealed record ListedMismatch(MismatchPlace Place, OpenMismatch Line);

/// <summary>A piece of a list.</summary>
/// <param name="Mismatches">What pages first, then what is older.</param>
/// <param name="Next">Where it goes on; null: that was all. There may be more although this piece has few or none.
/// </param>
public sealed record MismatchPage(IReadOnlyList<ListedMismatch> Mismatches, MismatchPlace? Next);

/// <summary>Mismatches of a class, a severity and a state.</summary>
/// <param name="Class">The class.</param>
/// <param name="Severity">page or ticket.</param>
/// <param name="State">How they stand.</param>
/// <param name="Count">How many.</param>
public sealed record MismatchCount(string Class, string Severity, MismatchState State, long Count);

/// <summary>The exception queue of an owner.</summary>
/// <param name="Owner">The owner.</param>
/// <param name="Count">How many are in it.</param>
/// <param name="Overdue">How many of them should have been decided by now.</param>
public sealed record QueueCount(string Owner, long Count, long Overdue);

/// <summary>How many mismatches there are that are not closed.</summary>
/// <param name="Open">By class, severity and state.</param>
/// <param name="Queues">In the exception queue, by owner.</param>
public sealed record MismatchCounts(IReadOnlyList<MismatchCount> Open, IReadOnlyList<QueueCount> Queues);

/// <summary>Questions to the committed state of the keeper of mismatches.</summary>
/// <param name="kept">Store <see cref="MismatchStores.Kept"/>.</param>
/// <param name="open">Store <see cref="MismatchStores.Open"/>.</param>
/// <param name="tallies">Store <see cref="MismatchStores.Tallies"/>.</param>
public sealed class MismatchReads(
    IReadOnlyKeyValueStore<string, KeptMismatch> kept, IReadOnlyKeyValueStore<OpenKey, OpenMismatch> open,
    IReadOnlyKeyValueStore<TallyKey, MismatchTally> tallies)
{
    /// <summary>Mismatches that are looked at for one piece of a list.</summary>
    public const int LooksPerPage = 10_000;

    /// <summary>A mismatch, closed ones for 7 days more; null: none is known.</summary>
    public KeptMismatch? Find(string mismatchId) => kept.Get(mismatchId);

    /// <summary>
    /// Mismatches that are not closed, or those that are settled. The list is that of the rarest thing that is asked
    /// for, so that few are looked at that are not wanted; at most <see cref="LooksPerPage"/>.
    /// </summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="limit">Mismatches at most, at least 1.</param>
    /// <param name="after">Where the piece before ended; null: from the beginning.</param>
    /// <exception cref="ArgumentException">What is settled is asked for of neither an order nor a scope.</exception>
    public MismatchPage Open(MismatchFilter filter, int limit, MismatchPlace? after = null)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var facet = FacetOf(filter);
        var (from, to) = Between(facet, filter.Severity, after);
        var found = new List<ListedMismatch>();
        MismatchPlace? last = null;
        var looks = 0;
        foreach (var (key, line) in open.Range(from, to))
        {
            if (after is not null && key == from)
            {
                continue;
            }
            if (found.Count == limit || looks == LooksPerPage)
            {
                return new MismatchPage(found, last);
            }
            looks++;
            last = new MismatchPlace(Severities.NameOf(key.SeverityRank), key.OpenedAtMs, key.MismatchId);
            if (IsWanted(filter, line))
            {
                found.Add(new ListedMismatch(last, line));
            }
        }
        return new MismatchPage(found, null);
    }

    /// <summary>How many there are.</summary>
    public MismatchCounts Counts()
    {
        var counts = new List<MismatchCount>();
        var queues = new SortedDictionary<string, (long Count, long Overdue)>(StringComparer.Ordinal);
        foreach (var (key, tally) in tallies.All())
        {
            switch (key.What)
            {
                case MismatchTallies.Open:
                    counts.Add(new MismatchCount(
                        key.First, key.Second, Enum.Parse<MismatchState>(key.Third), tally.Count));
                    break;
                case MismatchTallies.Queue:
                    queues[key.First] = (tally.Count, queues.GetValueOrDefault(key.First).Overdue);
                    break;
                case MismatchTallies.Overdue:
                    queues[key.First] = (queues.GetValueOrDefault(key.First).Count, tally.Count);
                    break;
                default:
                    break;
            }
        }
        return new MismatchCounts(
            counts, [.. queues.Select(q => new QueueCount(q.Key, q.Value.Count, q.Value.Overdue))]);
    }

    private static string FacetOf(MismatchFilter filter) => filter switch
    {
        { IsSettled: true, ScopeId: { } scope } => MismatchFacets.SettledScope(scope),
        { IsSettled: true, OrderRef: { } order } => MismatchFacets.SettledOrder(order),
        { IsSettled: true } => throw new ArgumentException(
            "What is settled is listed of an order or of a scope.", nameof(filter)),
        { State: MismatchState.Accepted } => MismatchFacets.State(MismatchState.Accepted),
        { ScopeId: { } scope } => MismatchFacets.Scope(scope),
        { OrderRef: { } order } => MismatchFacets.Order(order),
        { PoolId: { } pool } => MismatchFacets.Pool(pool),
        { Assignee: { } assignee } => MismatchFacets.Assignee(assignee),
        { IsQueued: true } => MismatchFacets.Queue,
        { State: { } state, Class: { } name } => MismatchFacets.ClassState(name, state),
        { Class: { } name } => MismatchFacets.Class(name),
        { Owner: { } owner } => MismatchFacets.Owner(owner),
        { State: { } state } => MismatchFacets.State(state),
        _ => MismatchFacets.All,
    };

    private static (OpenKey From, OpenKey To) Between(string facet, string? severity, MismatchPlace? after)
    {
        var rank = severity is null ? 0 : Severities.RankOf(severity);
        var from = after is null
            ? new OpenKey(facet, rank, long.MinValue, "")
            : new OpenKey(facet, Severities.RankOf(after.Severity), after.OpenedAtMs, after.MismatchId);
        return (from, new OpenKey(facet, severity is null ? Severities.End : rank + 1, long.MinValue, ""));
    }

    private static bool IsWanted(MismatchFilter filter, OpenMismatch line) =>
        (filter.State is null || filter.State == line.State)
        && (filter.Class is null || filter.Class == line.Class)
        && (filter.Owner is null || filter.Owner == line.Owner)
        && (filter.Assignee is null || filter.Assignee == line.Assignee)
        && (filter.ScopeId is null || filter.ScopeId == line.Scope.Id)
        && (filter.PoolId is null || filter.PoolId == line.Scope.PoolId)
        && (filter.OrderRef is null || filter.OrderRef == line.Scope.OrderRef)
        && (!filter.IsQueued || line.DueAtMs is not null);
}
