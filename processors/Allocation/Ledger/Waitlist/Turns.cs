using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Waitlist;

/// <summary>
/// Whose turn it is to take: one who waits takes from others what a hold of the same owner would, by the same rules.
/// In a strict line it passes only those of classes that it could take units from; in the order of best effort whoever
/// was looked at before it. It settles: a class takes only from lower ones, and who loses what it borrowed does not
/// wait for it again.
/// </summary>
internal static class Turns
{
    // Plans that fail are the costly ones; no more are made for one look at a line.
    private const int MaximumTries = 16;

    // The time for which the line's timer is set stands among the cool-downs; no class has this name.
    private const string NextLook = "";

    /// <summary>The first in line who may take from others what it lacks, and from whom.</summary>
    public static Turn Next(Decision d)
    {
        if (GrantBars.OfPool(d) != GrantBar.None || d.Policy.WaitlistFor(d.Pool.PoolId) is not { } row)
        {
            return Turn.Nobody(lookAgainAtMs: null);
        }
        long? lookAgainAtMs = null;
        var isStrict = row.Order != WaitlistOrder.BestEffort;
        var ahead = new List<string>();
        var refused = new Dictionary<GrantOwner, long>();
        var tries = 0;
        foreach (var place in new LineScan(d).Places().Take(d.Policy.Limits.WaitersLookedAt))
        {
            if (d.State.GetReservation(d.Pool.PoolId, place.ReservationId) is not { } waiter
                || GrantBars.OfWaiter(d, waiter) is not (GrantBar.None or GrantBar.Quota))
            {
                continue;
            }
            var owner = GrantOwner.Of(waiter);
            var today = d.Policy.ClassToday(owner.Class);
            var mayPass = MayPass(d, today, ahead);
            if (mayPass && Grants.Most(d, owner) >= waiter.Waiting)
            {
                // Whom it passes could be taken from: nothing has to be.
                return Turn.Of(place, []);
            }
            if (mayPass && !(refused.TryGetValue(owner, out var least) && least <= waiter.Waiting))
            {
                d.DropReasons();
                if (Takings.Find(d, owner, place.ReservationId, waiter.Waiting, []) is { } plan)
                {
                    return Turn.Of(place, [plan]);
                }
                refused[owner] = waiter.Waiting;
                lookAgainAtMs = Earlier(lookAgainAtMs, MightDoAt(d, owner, waiter));
                tries += d.IsRejected ? 1 : 0;
            }
            if (isStrict && !ahead.Contains(today) && QuotaRules.Room(d, owner) >= waiter.Waiting)
            {
                ahead.Add(today);
            }
            if (tries == MaximumTries || !CanAnybodyPass(d, ahead))
            {
                break;
            }
        }
        return Turn.Nobody(lookAgainAtMs);
    }

    /// <summary>Sets the one timer of a line, unless an earlier one is set; false: it is.</summary>
    public static bool TryLookAgain(Decision d, long atMs)
    {
        var set = d.State.GetCooldown(d.Pool.PoolId, NextLook);
        if (set > d.T)
        {
            if (set <= atMs)
            {
                return false;
            }
            d.CancelTimer(set.Value, TimerKind.Promotion, "");
        }
        d.Look(Step(
            DecisionRule.Preemption, RuleResult.Skipped, "", N(NumberName.Waiting, d.Pool.Waiters),
            N(NumberName.StepAt, atMs)));
        d.SetTimer(atMs, TimerKind.Promotion, "");
        d.Write(new Cooldown { Id = NextLook, EndsAtMs = atMs });
        return true;
    }

    private static bool MayPass(Decision d, string priorityClass, List<string> ahead)
    {
        if (ahead.Count == 0)
        {
            return true;
        }
        return d.Policy.PreemptionFor(d.Pool.PoolId, priorityClass) is { } row && AreAll(d, row, ahead);
    }

    private static bool CanAnybodyPass(Decision d, List<string> ahead)
    {
        if (ahead.Count == 0)
        {
            return true;
        }
        foreach (var row in d.Policy.PreemptionTable.For(d.Pool.PoolId))
        {
            if (AreAll(d, row, ahead))
            {
                return true;
            }
        }
        return false;
    }

    // Whether the row's class could take from all of them.
    private static bool AreAll(Decision d, PreemptionRow row, List<string> classes)
    {
        var rank = d.Policy.RankOf(row.Class);
        foreach (var name in classes)
        {
            if (!row.Victims.Contains(name) || d.Policy.RankOf(name) <= rank)
            {
                return false;
            }
        }
        return true;
    }

    // Nothing comes of it when the wait is over before.
    private static long? MightDoAt(Decision d, in GrantOwner owner, Reservation waiter)
    {
        if (QuotaRules.Room(d, owner) < waiter.Waiting)
        {
            return null;
        }
        var missing = Availability.Saturate((Int128)waiter.Waiting - Grants.Now(d, owner.Class).Available);
        return PreemptionRules.MightDoAt(d, owner.Class, waiter.ReservationId, missing) is { } atMs
            && !(atMs >= waiter.WaitUntilMs) ? atMs : null;
    }

    private static long? Earlier(long? one, long? other) => one is null || other < one ? other ?? one : one;
}
