using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy;

/// <summary>What counts as used.</summary>
public enum UsageCount
{
    /// <summary>Held and confirmed units: stock, which leaves for good.</summary>
    Open,

    /// <summary>Consumed units too, less those returned: seats and slots.</summary>
    Lifetime,
}

/// <summary>Units of each of these pools that only this class and those above it may have.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Pools">The pools; each has its own count.</param>
/// <param name="Class">The protected class.</param>
/// <param name="Units">Units kept for it, less what it has.</param>
/// <param name="Counts">What it has.</param>
public sealed record ProtectionRow(
    string Id, PoolPattern Pools, string Class, long Units, UsageCount Counts) : IPolicyRow;

/// <summary>Whose usage a quota counts.</summary>
public enum QuotaScope
{
    /// <summary>A customer reference.</summary>
    Customer,

    /// <summary>A channel.</summary>
    Channel,

    /// <summary>A tier.</summary>
    Tier,

    /// <summary>The attribute <c>dealer</c> of the hold.</summary>
    Dealer,

    /// <summary>A priority class.</summary>
    Class,
}

/// <summary>What one who lends may take back from those who borrow it.</summary>
public enum QuotaReclaim
{
    /// <summary>Nothing: it waits until units come back.</summary>
    None,

    /// <summary>Held units.</summary>
    Held,

    /// <summary>Confirmed units too, after all that are held.</summary>
    Confirmed,
}

/// <summary>The most that one customer, channel, tier, dealer or class may have of each of these pools.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Pools">The pools; each has its own count.</param>
/// <param name="Scope">Whose usage counts.</param>
/// <param name="Value">The one it is for; null: each has a counter of its own.</param>
/// <param name="Nominal">Units it may have.</param>
/// <param name="BorrowingLimit">Units it may have beyond that, where others of its scope lend them.</param>
/// <param name="LendingLimit">Unused units that it lends to others of its scope.</param>
/// <param name="Counts">What it has.</param>
public sealed record QuotaRow(
    string Id,
    PoolPattern Pools,
    QuotaScope Scope,
    string? Value,
    long Nominal,
    long BorrowingLimit,
    long LendingLimit,
    UsageCount Counts) : IPolicyRow
{
    private readonly bool? isRequired;

    /// <summary>What it may take back of what it lends, as long as it needs no more than its nominal.</summary>
    public QuotaReclaim Reclaim { get; init; }

    /// <summary>
    /// Whether nothing is granted to whoever names nobody in the scope. By default where each has a counter of its own:
    /// who has no name would have none, and no limit. A row for one value is for nobody else, named or not.
    /// </summary>
    public bool IsRequired
    {
        get => isRequired ?? IsRequiredByDefault;
        init => isRequired = value == IsRequiredByDefault ? null : value;
    }

    /// <summary>What <see cref="IsRequired"/> is where nothing is said. Everybody has a class.</summary>
    public bool IsRequiredByDefault => Value is null && Scope != QuotaScope.Class;
}

/// <summary>A class that may take units away from others when there are too few.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Pools">The pools.</param>
/// <param name="Class">The class that preempts.</param>
/// <param name="Victims">The classes it takes from, each below it.</param>
/// <param name="IncludeConfirmed">Confirmed units too, after all that are held.</param>
/// <param name="MinimumAgeMs">Holds younger than this are spared, in milliseconds.</param>
/// <param name="CooldownMs">How long the class waits after a preemption in a pool, in milliseconds.</param>
/// <param name="MaximumVictims">Most reservations that lose units at once.</param>
/// <param name="VictimWaitsAgain">A victim waits again at its original place.</param>
public sealed record PreemptionRow(
    string Id,
    PoolPattern Pools,
    string Class,
    ValueList<string> Victims,
    bool IncludeConfirmed,
    long MinimumAgeMs,
    long CooldownMs,
    int MaximumVictims,
    bool VictimWaitsAgain) : IPolicyRow;

/// <summary>Who of those that wait is served.</summary>
public enum WaitlistOrder
{
    /// <summary>Nobody waits.</summary>
    None,

    /// <summary>The first; one who waits for more than there is blocks the rest.</summary>
    StrictFifo,

    /// <summary>The first whose request fits.</summary>
    BestEffort,
}

/// <summary>A class that counts as enqueued so much earlier, in milliseconds.</summary>
public sealed record ClassBoost(string Class, long BoostMs);

/// <summary>How requests wait on these pools.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Pools">The pools; each has its own list.</param>
/// <param name="Order">Who is served.</param>
/// <param name="Boosts">Classes that count as enqueued earlier.</param>
/// <param name="OfferTtlMs">Life of the hold that a waiter is given, in milliseconds.</param>
/// <param name="MaximumWaitMs">Longest wait, in milliseconds.</param>
/// <param name="MaximumWaiters">Most that wait at once.</param>
public sealed record WaitlistRow(
    string Id,
    PoolPattern Pools,
    WaitlistOrder Order,
    ValueList<ClassBoost> Boosts,
    long OfferTtlMs,
    long MaximumWaitMs,
    int MaximumWaiters) : IPolicyRow
{
    /// <summary>How much earlier the class counts as enqueued, in milliseconds.</summary>
    public long BoostFor(string priorityClass)
    {
        foreach (var boost in Boosts)
        {
            if (boost.Class == priorityClass)
            {
                return boost.BoostMs;
            }
        }
        return 0;
    }
}

/// <summary>What happens when fewer units are left than were promised.</summary>
public enum DeficitAction
{
    /// <summary>Nothing but its publication.</summary>
    None,

    /// <summary>Held units expire, newest first, until the deficit is covered or none is held.</summary>
    ExpireNewestHeld,

    /// <summary>An operator decides: the reservations concerned are listed.</summary>
    OperatorList,
}

/// <summary>What happens on these pools when fewer units are left than were promised.</summary>
public sealed record DeficitRow(string Id, PoolPattern Pools, DeficitAction Action) : IPolicyRow;
