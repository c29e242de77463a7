using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.State;

/// <summary>
/// What a partition's ledger holds in all. Nobody counts along when something is decided: it is found by reading
/// through the committed stores, of which two reads may see two commits.
/// </summary>
/// <param name="Holds">Reservations that have held units.</param>
/// <param name="Units">Units of all pools, by bucket.</param>
/// <param name="QuotaUse">
/// For each kind of scope that the policy in force has quotas for, how much of its quota the fullest scope of any pool
/// has used: 1 is all of it.
/// </param>
public sealed record LedgerCensus(
    long Holds, IReadOnlyList<(string Bucket, long Units)> Units, IReadOnlyDictionary<QuotaScope, double> QuotaUse)
{
    /// <summary>Reads through a partition's stores.</summary>
    /// <param name="stores">The stores, as they are committed.</param>
    /// <param name="policies">The policies; not those of the task, which another thread uses.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="LedgerFaultException">The policy in force changed meanwhile.</exception>
    public static LedgerCensus Take(IStores stores, PolicyBook policies, CancellationToken cancellation = default)
    {
        var state = new StoreLedgerState(stores);
        var use = QuotaUseOf(state, stores, policies.InForce(state), cancellation);
        var units = UnitsOf(state, cancellation);
        // What is held has a timer, and so has what waits, whose number is known.
        var timers = 0L;
        foreach (var timer in state.GetTimers())
        {
            cancellation.ThrowIfCancellationRequested();
            timers += timer.Kind == TimerKind.Expiry ? 1 : 0;
        }
        return new LedgerCensus(Math.Max(0, timers - state.Partition.Waiters), units, use);
    }

    private static (string, long)[] UnitsOf(StoreLedgerState state, CancellationToken cancellation)
    {
        Int128 free = 0, held = 0, confirmed = 0, consumed = 0, blocked = 0;
        foreach (var pool in state.GetPools(""))
        {
            cancellation.ThrowIfCancellationRequested();
            free += pool.Balances.Free;
            held += pool.Balances.Held;
            confirmed += pool.Balances.Confirmed;
            consumed += pool.Balances.Consumed;
            blocked += pool.Balances.Blocked;
        }
        return
        [
            ("free", Availability.Saturate(free)), ("held", Availability.Saturate(held)),
            ("confirmed", Availability.Saturate(confirmed)), ("consumed", Availability.Saturate(consumed)),
            ("blocked", Availability.Saturate(blocked)),
        ];
    }

    private static Dictionary<QuotaScope, double> QuotaUseOf(
        StoreLedgerState state, IStores stores, AllocationPolicy policy, CancellationToken cancellation)
    {
        var fullest = new Dictionary<QuotaScope, double>();
        foreach (var row in policy.QuotaTable)
        {
            fullest[row.Scope] = 0;
        }
        if (fullest.Count == 0)
        {
            return fullest;
        }
        var usages = stores.GetStore<IKeyValueStore<PoolKey, ScopeUsage>>(AllocationStores.Usages);
        foreach (var ((poolId, scope), usage) in usages.All())
        {
            cancellation.ThrowIfCancellationRequested();
            if (Scopes.TryRead(scope, out var kind, out var name) && fullest.TryGetValue(kind, out var most))
            {
                var value = kind == QuotaScope.Class ? policy.ClassToday(name) : name;
                if (policy.QuotaFor(poolId, kind, value) is { } row)
                {
                    var used = kind == QuotaScope.Class
                        ? Availability.UsedBy(policy, value, row.Counts, s => state.GetUsage(poolId, s))
                        : Availability.Counted(usage, row.Counts);
                    fullest[kind] = Math.Max(most, UseOf(row, used));
                }
            }
        }
        return fullest;
    }

    // Of all that it may ever have: what others do not lend may end it before.
    private static double UseOf(QuotaRow row, Int128 used)
    {
        var limit = (Int128)row.Nominal + (row.Value is null ? 0 : row.BorrowingLimit);
        return used <= 0 ? 0 : limit <= 0 ? double.PositiveInfinity : (double)used / (double)limit;
    }
}
