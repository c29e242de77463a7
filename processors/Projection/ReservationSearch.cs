using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection;

/// <summary>Which reservations are asked for; what is null is not asked.</summary>
public sealed record ReservationQuery
{
    /// <summary>The order they belong to.</summary>
    public string? Order { get; init; }

    /// <summary>The customer they belong to.</summary>
    public string? Customer { get; init; }

    /// <summary>Their pool.</summary>
    public string? Pool { get; init; }

    /// <summary>Their status.</summary>
    public ReservationStatus? Status { get; init; }

    /// <summary>Created before this time, milliseconds since the Unix epoch.</summary>
    public long? CreatedBeforeMs { get; init; }

    /// <summary>Created at or after this time, milliseconds since the Unix epoch.</summary>
    public long? CreatedSinceMs { get; init; }

    /// <summary>What was forgotten by then is left out, milliseconds since the Unix epoch.</summary>
    public required long NowMs { get; init; }

    /// <summary>Whether a reservation is meant.</summary>
    public bool Matches(ReservationView view) =>
        (Order is null || view.OrderRef == Order)
        && (Customer is null || view.CustomerRef == Customer)
        && (Pool is null || view.PoolId == Pool)
        && (Status is null || view.Status == Status.Value.ToString())
        && (CreatedBeforeMs is null || view.CreatedAtMs < CreatedBeforeMs)
        && (CreatedSinceMs is null || view.CreatedAtMs >= CreatedSinceMs)
        && !(view.ForgetAtMs <= NowMs);
}

/// <summary>A reservation that was found, and its place in the order of the search.</summary>
public sealed record FoundReservation(byte[] Place, ReservationView View);

/// <summary>Some of what one partition has.</summary>
/// <param name="Found">In the order of the search.</param>
/// <param name="LookedTo">Everything up to this place was looked at; null when there is nothing after it.</param>
public sealed record SearchPage(IReadOnlyList<FoundReservation> Found, byte[]? LookedTo);

/// <summary>
/// Searches one partition's projection, a bounded piece at a time: by order or customer if one is given, else by pool,
/// else by status and age.
/// </summary>
public sealed class ReservationSearch(
    IReadOnlyKeyValueStore<PoolKey, ReservationView> reservations, IReadOnlyKeyValueStore<IndexKey, IndexEntry> index)
{
    /// <summary>Entries that one page looks at, at most.</summary>
    public const int EntriesPerPage = 20_000;

    private const byte PoolPlace = 0;

    /// <summary>The next page after a place.</summary>
    /// <param name="query">What is asked for.</param>
    /// <param name="after">The place that the page before ended at; empty for the first page.</param>
    /// <param name="limit">Reservations at most.</param>
    public SearchPage Run(ReservationQuery query, byte[] after, int limit)
    {
        var found = new List<FoundReservation>();
        var looked = 0;
        foreach (var (place, view) in Candidates(query, after))
        {
            if (view is not null && query.Matches(view))
            {
                found.Add(new FoundReservation(place, view));
            }
            if (found.Count == limit || ++looked == EntriesPerPage)
            {
                return new SearchPage(found, place);
            }
        }
        return new SearchPage(found, null);
    }

    private IEnumerable<(byte[] Place, ReservationView? View)> Candidates(ReservationQuery query, byte[] after)
    {
        if (query.Order is { } order)
        {
            return ByIndex(IndexKind.Order, order, query, after);
        }
        if (query.Customer is { } customer)
        {
            return ByIndex(IndexKind.Customer, customer, query, after);
        }
        if (query.Pool is { } pool)
        {
            return ByPool(pool, after);
        }
        var statuses = query.Status is { } status ? [status] : Enum.GetValues<ReservationStatus>();
        return statuses.Select(s => s.ToString()).Order(StringComparer.Ordinal)
            .SelectMany(s => ByIndex(IndexKind.Status, s, query, after));
    }

    private IEnumerable<(byte[] Place, ReservationView? View)> ByIndex(
        IndexKind kind, string value, ReservationQuery query, byte[] after)
    {
        var first = new IndexKey(kind, value, query.CreatedSinceMs ?? 0, "", "");
        var end = new IndexKey(kind, value, query.CreatedBeforeMs ?? long.MaxValue, "", "");
        if (IsAfter(after, IndexKeys.Bytes(end)))
        {
            yield break;
        }
        if (after.Length > 0 && !IsAfter(IndexKeys.Bytes(first), after))
        {
            first = IndexKeys.Serde.Deserialize(after);
        }
        foreach (var (key, _) in index.Range(first, end))
        {
            var place = IndexKeys.Bytes(key);
            if (IsAfter(place, after))
            {
                yield return (place, reservations.Get(new PoolKey(key.PoolId, key.Id)));
            }
        }
    }

    private IEnumerable<(byte[] Place, ReservationView? View)> ByPool(string pool, byte[] after)
    {
        var from = after.Length > 0 ? System.Text.Encoding.UTF8.GetString(after.AsSpan(1)) : "";
        foreach (var (key, view) in reservations.Range(new PoolKey(pool, from), new PoolKey(pool + "\u0001", "")))
        {
            byte[] place = [PoolPlace, .. System.Text.Encoding.UTF8.GetBytes(key.Id)];
            if (key.PoolId == pool && IsAfter(place, after))
            {
                yield return (place, view);
            }
        }
    }

    private static bool IsAfter(byte[] place, byte[] other) => place.AsSpan().SequenceCompareTo(other) > 0;
}
