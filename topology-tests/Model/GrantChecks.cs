using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>What must be so just before units are granted.</summary>
internal static class GrantChecks
{
    public static void Check(
        NaivePolicy policy, NaivePool pool, AllocationOutcome outcome, AllocationCommand? command, bool isGranting,
        IReadOnlyList<AllocationOutcome> rest, Action<string, string> fail)
    {
        var grants = outcome.Entries.Where(e => e is { Kind: EntryKind.Held, From: Account.Free }).ToList();
        if (outcome.Event is AllocationOutcomeEvent.Preempted preempted)
        {
            if (pool.Preemption.Offset != outcome.Source.Offset)
            {
                var blocked = pool.Line().Where(w => pool.QuotaBroken(w, w.Waiting) is not null).Select(w => w.Id);
                pool.Preemption = (outcome.Source.Offset, [.. blocked]);
            }
            pool.Preemption.Behind.Add(preempted.ReservationId);
            CheckVictim(policy, pool, outcome, preempted, fail);
        }
        if (grants.Count == 0 || outcome.Event is AllocationOutcomeEvent.Imported)
        {
            return;
        }
        CheckBars(pool, outcome, grants, isGranting, fail);
        CheckModes(pool, outcome, grants, fail);
        var name = OutcomeChecks.Name(outcome);
        var granted = outcome.After.First(a => a.ReservationId == grants[0].ReservationId);
        var quantity = grants.Sum(g => g.Quantity);
        var freed = rest.Where(r => r.Event is AllocationOutcomeEvent.Preempted p && p.By == granted.ReservationId
            && r.PoolId == pool.Id).SelectMany(r => r.Entries).Where(e => e.To == Account.Free).Sum(e => e.Quantity);
        var lines = grants.Select(g => outcome.After.First(a => a.ReservationId == g.ReservationId)).ToList();
        if (lines.Exists(l => l.Class != granted.Class))
        {
            // Lines of several classes are granted one after another, each on what those before it left.
            CheckLines(policy, pool, outcome, grants, lines, fail);
            return;
        }
        var available = pool.AvailableTo(granted.Class, outcome.TMs);
        if (quantity > available + freed)
        {
            fail("3: no grant beyond what is available",
                $"{name} grants {quantity} to {granted.Class}; {available} available, {freed} preempted");
        }
        // Victims of this very grant may be what ends a deficit.
        if (pool.DeficitAt(outcome.TMs) > freed)
        {
            fail("3: no grant while in deficit", $"{name} grants {quantity}; deficit {pool.DeficitAt(outcome.TMs)}");
        }
        CheckQuota(pool, outcome, granted, quantity, fail);
        CheckTurn(policy, pool, outcome, granted, fail);
    }

    // What bars one way to a grant bars all of them.
    private static void CheckBars(
        NaivePool pool, AllocationOutcome outcome, List<LedgerEntry> grants, bool isGranting,
        Action<string, string> fail)
    {
        var name = OutcomeChecks.Name(outcome);
        if (!isGranting || pool.ClosedBy(outcome.TMs) is not null)
        {
            fail("nothing is granted while nothing is handed out",
                $"{name}: {pool.ClosedBy(outcome.TMs) ?? "another system has authority, or it is frozen"}");
        }
        var total = outcome.Event is AllocationOutcomeEvent.Held
            ? grants.Sum(g => g.Quantity)
            : outcome.After.Where(a => a.ReservationId == grants[0].ReservationId).Sum(a => a.Held + a.Confirmed);
        if (!pool.Fits(total))
        {
            fail("4: no grant beyond the largest request", $"{name} makes {total}, most is {pool.Maximum}");
        }
        if (outcome.Event is AllocationOutcomeEvent.Promoted promoted
            && pool[promoted.ReservationId].WaitUntilMs <= outcome.TMs)
        {
            fail("nobody is promoted whose wait is over", name);
        }
    }

    // A mode lets classes wait, and new holds live no longer than its cap; it never lets one live longer.
    private static void CheckModes(
        NaivePool pool, AllocationOutcome outcome, List<LedgerEntry> grants, Action<string, string> fail)
    {
        var name = OutcomeChecks.Name(outcome);
        foreach (var line in grants.Select(g => outcome.After.First(a => a.ReservationId == g.ReservationId)))
        {
            if (pool.MustWait(line.Class))
            {
                fail("nothing is granted to a class that a mode lets wait", $"{name} grants {line.Class}");
            }
            if (outcome.Event is AllocationOutcomeEvent.Held or AllocationOutcomeEvent.Promoted
                && line.ExpiresAtMs - outcome.TMs > pool.LongestLifeMs(line.Class))
            {
                fail("a new hold lives no longer than a mode allows",
                    $"{name}: {line.ReservationId} ({line.Class}) lives {line.ExpiresAtMs - outcome.TMs} ms");
            }
        }
    }

    private static void CheckLines(
        NaivePolicy policy, NaivePool pool, AllocationOutcome outcome, List<LedgerEntry> grants,
        List<Reservation> lines, Action<string, string> fail)
    {
        var tried = new List<NaiveReservation>();
        foreach (var (line, grant) in lines.Zip(grants))
        {
            var available = pool.AvailableTo(line.Class, outcome.TMs);
            if (grant.Quantity > available)
            {
                fail("3: no grant beyond what is available",
                    $"{OutcomeChecks.Name(outcome)} grants {grant.Quantity} to {line.ReservationId}; {available} left");
            }
            CheckQuota(pool, outcome, line, grant.Quantity, fail);
            CheckTurn(policy, pool, outcome, line, fail);
            tried.Add(pool.Add(line, grant.Quantity));
        }
        tried.ForEach(pool.Remove);
    }

    // Invariant 4.
    private static void CheckQuota(
        NaivePool pool, AllocationOutcome outcome, Reservation granted, long quantity, Action<string, string> fail)
    {
        var owner = new NaiveReservation { Id = granted.ReservationId };
        owner.Adopt(granted);
        if (pool.QuotaBroken(owner, quantity) is { } broken)
        {
            fail("4: no grant beyond a quota", $"{OutcomeChecks.Name(outcome)} grants {quantity}; {broken}");
        }
    }

    // A new hold does not pass an equal waiter, and a promotion passes nobody who could not be passed.
    private static void CheckTurn(
        NaivePolicy policy, NaivePool pool, AllocationOutcome outcome, Reservation granted, Action<string, string> fail)
    {
        if (outcome.Event is AllocationOutcomeEvent.Held)
        {
            // A policy may have boosted the class since: who comes then stands before those who came without it.
            var boost = policy.Boosts.FirstOrDefault(b => b.Class == granted.Class).BoostMs;
            foreach (var waiter in pool.Line().Where(w => w.Class == granted.Class
                && w.OrderMs <= outcome.TMs - boost && w.Id != granted.ReservationId))
            {
                // What a preemption frees is the preemptor's first: whom only it unblocks, or makes wait, comes after.
                var isBehind = pool.Preemption.Offset == outcome.Source.Offset
                    && pool.Preemption.Behind.Contains(waiter.Id);
                if (!isBehind && pool.MayBeServed(waiter, outcome.TMs))
                {
                    fail("a new hold does not pass an equal waiter",
                        $"{OutcomeChecks.Name(outcome)} passes {waiter.Id}, which waits for {waiter.Waiting}");
                }
            }
        }
        if (outcome.Event is AllocationOutcomeEvent.Promoted promoted)
        {
            var mine = pool[promoted.ReservationId];
            if (promoted.Quantity != mine.Waiting)
            {
                fail("a waiter gets all or nothing", $"{OutcomeChecks.Name(outcome)}: {mine.Waiting} were waited for");
            }
            // What others lost for this one is for it before they, or anybody else, wait for it again.
            var isPreempting = outcome.Decision.Any(s => s.Rule == DecisionRule.Preemption);
            foreach (var ahead in pool.Line().TakeWhile(w => w.Id != mine.Id && !isPreempting))
            {
                var mayBePassed = !pool.MayBeServed(ahead, outcome.TMs)
                    || NaiveTakings.IsVictim(policy, mine.Class, ahead.Class)
                    || (policy.Waiting == WaitlistOrder.BestEffort
                        && ahead.Waiting > pool.AvailableTo(ahead.Class, outcome.TMs));
                if (!mayBePassed)
                {
                    fail("waiters are served in their order",
                        $"{OutcomeChecks.Name(outcome)} passes {ahead.Id} ({ahead.Class}, {ahead.Waiting})");
                }
            }
        }
    }

    private static void CheckVictim(
        NaivePolicy policy, NaivePool pool, AllocationOutcome outcome, AllocationOutcomeEvent.Preempted preempted,
        Action<string, string> fail)
    {
        var name = OutcomeChecks.Name(outcome);
        var victim = pool[preempted.ReservationId];
        if (ReclaimOf(policy, outcome) is { } lender)
        {
            CheckReclaim(pool, name, preempted, victim, lender, fail);
            return;
        }
        var row = policy.Preemptions.FirstOrDefault(p => p.Class == preempted.ByClass);
        if (row.Class is null || !row.Victims.Contains(victim.Class))
        {
            fail("a class preempts whom its row names",
                $"{name}: {preempted.ByClass} takes {preempted.Quantity} from {victim.Id} ({victim.Class})");
        }
        if (outcome.TMs - victim.HeldAtMs < row.MinimumAgeMs)
        {
            fail("young holds are spared", $"{name}: {victim.Id} is held since {victim.HeldAtMs}");
        }
        if (pool.Cooldowns.GetValueOrDefault(preempted.ByClass) > outcome.TMs)
        {
            fail("a class that cools down takes nothing", $"{name} at {outcome.TMs}");
        }
        if (preempted.Confirmed > 0 && !row.Confirmed)
        {
            fail("confirmed units are preempted only where policy says so", name);
        }
        if (victim.Held > 0 && preempted.Confirmed == 0 && preempted.Quantity != victim.Held)
        {
            fail("a victim loses its whole held part", $"{name}: {preempted.Quantity} of {victim.Held}");
        }
    }

    // The quota whose row the trace names; null where a class preempts.
    private static NaiveQuota? ReclaimOf(NaivePolicy policy, AllocationOutcome outcome)
    {
        var row = outcome.Decision.First(s => s.Rule == DecisionRule.Preemption).Row;
        return policy.Quotas.Where((_, index) => row == $"quota/{index}").FirstOrDefault();
    }

    private static void CheckReclaim(
        NaivePool pool, string name, AllocationOutcomeEvent.Preempted preempted, NaiveReservation victim,
        NaiveQuota lender, Action<string, string> fail)
    {
        if (pool.Borrowed(victim, lender) <= 0)
        {
            fail("only what is borrowed is taken back", $"{name} takes {preempted.Quantity} from {victim.Id}");
        }
        if (lender.Reclaim == QuotaReclaim.None
            || (preempted.Confirmed > 0 && lender.Reclaim != QuotaReclaim.Confirmed))
        {
            fail("a quota takes back what its row says", $"{name} takes {preempted.Confirmed} confirmed");
        }
        if (preempted.Confirmed == 0 && preempted.Quantity != victim.Held)
        {
            fail("a victim loses its whole held part", $"{name}: {preempted.Quantity} of {victim.Held}");
        }
    }
}
