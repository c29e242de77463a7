using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>What a policy does when fewer units are left than were promised.</summary>
internal static class DeficitRules
{
    /// <summary>Every class that reservations may have, lowest first.</summary>
    public static IEnumerable<string> ClassesOf(AllocationPolicy policy)
    {
        foreach (var mapping in policy.ClassMappings)
        {
            if (!policy.HasClass(mapping.From))
            {
                yield return mapping.From;
            }
        }
        for (var rank = policy.Classes.Count - 1; rank >= 0; rank--)
        {
            yield return policy.Classes[rank];
        }
    }

    /// <summary>Those who have units of a pool, the newest first; of each class at most as many as a decision looks at.
    /// </summary>
    public static List<HolderPlace> Newest(ILedgerState state, AllocationPolicy policy, string poolId)
    {
        var holders = new List<HolderPlace>();
        foreach (var priorityClass in ClassesOf(policy))
        {
            holders.AddRange(state.GetHolders(poolId, priorityClass).Take(policy.Limits.VictimsLookedAt));
        }
        holders.Sort(NewestFirst);
        return holders;
    }

    /// <summary>Those of them who hold units, at most as many as a decision looks at.</summary>
    public static List<HolderPlace> NewestHeld(ILedgerState state, AllocationPolicy policy, string poolId)
    {
        var limit = policy.Limits.VictimsLookedAt;
        var holders = Newest(state, policy, poolId);
        holders.RemoveAll(h => !Holds(state, poolId, h));
        return holders.Count > limit ? holders[..limit] : holders;
    }

    /// <summary>Whether a reservation holds units that are not confirmed.</summary>
    public static bool Holds(ILedgerState state, string poolId, in HolderPlace holder) =>
        state.GetReservation(poolId, holder.ReservationId) is { Held: > 0 };

    /// <summary>Orders holders by the time of their grant, the newest first.</summary>
    public static int NewestFirst(HolderPlace x, HolderPlace y)
    {
        var byTime = y.HeldAtMs.CompareTo(x.HeldAtMs);
        if (byTime != 0)
        {
            return byTime;
        }
        var byClass = Utf8Order.Compare(x.Class, y.Class);
        return byClass != 0 ? byClass : Utf8Order.Compare(x.ReservationId, y.ReservationId);
    }

    /// <summary>The held part of a reservation expires early.</summary>
    public static AllocationOutcomeEvent.Expired Expire(
        Decision d, string reservationId, DeficitRow row, bool goesOn)
    {
        var known = d.Find(reservationId)!;
        d.Look(Step(
            DecisionRule.Deficits, RuleResult.Applied, row.Id, N(NumberName.Deficit, d.Pool.Deficit),
            N(NumberName.Held, known.Held)));
        if (goesOn)
        {
            d.SetTimer(d.T, TimerKind.Promotion, "");
        }
        return TimerRules.ExpireHeld(d, known);
    }
}
