using Alloc.Processors.Allocation.Policy;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>How a quota stands in a pool, in the middle of a decision.</summary>
internal readonly struct QuotaState
{
    /// <param name="d">The decision.</param>
    /// <param name="row">The row.</param>
    /// <param name="value">The one it is for.</param>
    /// <param name="givingBack">Another of the same scope that gives units back with the grant; null: none.</param>
    /// <param name="units">The units that it gives back.</param>
    public QuotaState(Decision d, QuotaRow row, string value, string? givingBack = null, long units = 0)
    {
        Row = row;
        Value = value;
        var used = UsedBy(d, row, value);
        Used = Availability.Saturate(used);
        var room = (Int128)row.Nominal - used;
        if (row.Value is not null)
        {
            room += row.BorrowingLimit;
            if (Count(d, givingBack, units) is { } totals)
            {
                (Borrowed, Lendable) = totals;
                room = Int128.Min(room, RoomInCohort(used));
            }
        }
        Room = Availability.Saturate(room);
        Limit = Availability.Saturate(used + room);
    }

    public QuotaRow Row { get; }

    public string Value { get; }

    /// <summary>Units that count against it.</summary>
    public long Used { get; }

    /// <summary>Units that it may have in all, as things are.</summary>
    public long Limit { get; }

    /// <summary>Units that it may have more; negative when it has too many.</summary>
    public long Room { get; }

    /// <summary>Units that all of its scope have beyond what is theirs.</summary>
    public Int128 Borrowed { get; }

    /// <summary>Units that all of its scope have not used and may lend.</summary>
    public Int128 Lendable { get; }

    /// <summary>Units of one that count against a row.</summary>
    public static Int128 UsedBy(Decision d, QuotaRow row, string value) => row.Scope == QuotaScope.Class
        ? Availability.UsedBy(d.Policy, value, row.Counts, d.UsageOf)
        : Availability.Counted(d.UsageOf(Scopes.Of(row.Scope, value)), row.Counts);

    // Units lent shrink what is lendable from the point where the unused ones are fewer than the lending limit.
    private Int128 RoomInCohort(Int128 used)
    {
        var slack = Lendable - Borrowed;
        return slack < 0 ? 0 : Int128.Max(0, Row.Nominal - Int128.Min(Row.LendingLimit, Row.Nominal) - used) + slack;
    }

    // All rows with a value of the scope that count in the pool; null where none of them lends or borrows.
    private (Int128 Borrowed, Int128 Lendable)? Count(Decision d, string? givingBack, long units)
    {
        Int128 borrowed = 0;
        Int128 lendable = 0;
        var isCohort = false;
        foreach (var row in d.Policy.QuotasFor(d.Pool.PoolId))
        {
            if (row.Scope != Row.Scope || row.Value is null
                || d.Policy.QuotaFor(d.Pool.PoolId, row.Scope, row.Value) != row)
            {
                continue;
            }
            isCohort |= row.LendingLimit > 0 || row.BorrowingLimit > 0;
            var used = UsedBy(d, row, row.Value) - (row.Value == givingBack ? units : 0);
            borrowed += Int128.Max(0, used - row.Nominal);
            lendable += Int128.Max(0, Int128.Min(row.LendingLimit, row.Nominal - used));
        }
        return isCohort ? (borrowed, lendable) : null;
    }
}
