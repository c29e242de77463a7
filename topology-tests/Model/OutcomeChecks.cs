using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>What must be so of each outcome, given the pool as the model has it just before.</summary>
/// <param name="inForce">The policy.</param>
/// <param name="fail">Says that a rule is broken: the rule, and the numbers.</param>
internal sealed class OutcomeChecks(PolicyInForce inForce, Action<string, string> fail)
{
    /// <summary>Checks an outcome and folds it into the model.</summary>
    /// <param name="pool">Its pool.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="command">The command of the record that was folded.</param>
    /// <param name="rest">The outcomes of the same record that follow it.</param>
    public void Check(
        NaivePool pool, AllocationOutcome outcome, AllocationCommand? command, IReadOnlyList<AllocationOutcome> rest)
    {
        if (outcome.Sequence != ++pool.Sequence)
        {
            fail("8: sequences are 1, 2, 3, …", $"{pool.Id}#{outcome.Sequence} follows {pool.Sequence - 1}");
        }
        if (outcome.RequestedPoolId is not null)
        {
            // A pool that nobody knows has nothing that could change.
            return;
        }
        var before = TextOf(outcome.BalancesBefore);
        if (before != TextOf(pool))
        {
            fail("2: balances are the fold of entries", $"{Name(outcome)} begins at {before}, not {TextOf(pool)}");
        }
        if (outcome is { DuplicateOf: null, Event: AllocationOutcomeEvent.PoolConfigured configured })
        {
            pool.ServiceAtMs = configured.Settings.ServiceAtMs;
            pool.ClosesAtMs = configured.Settings.ClosesAtMs;
            pool.Maximum = configured.Settings.MaximumCapacity;
        }
        if (outcome.DuplicateOf is not null)
        {
            if (outcome.Entries.Count > 0 || outcome.After.Count > 0)
            {
                fail("a repeat moves nothing", Name(outcome));
            }
            return;
        }
        foreach (var touched in outcome.After)
        {
            pool.Forget(touched.ReservationId, outcome.TMs);
        }
        GrantChecks.Check(inForce.Current, pool, outcome, command, IsGranting, rest, fail);
        RefusalChecks.Check(inForce.Current, pool, outcome, command, IsGranting, fail);
        CheckGroup(pool, outcome, command);
        Fold(pool, outcome);
        var after = TextOf(outcome.BalancesAfter);
        if (after != TextOf(pool))
        {
            fail("2: balances are the fold of entries", $"{Name(outcome)} ends at {after}, not {TextOf(pool)}");
        }
        if (outcome.Event is AllocationOutcomeEvent.OverCommitted over)
        {
            pool.Published = over.Deficit;
        }
    }

    /// <summary>Whether this ledger has the authority to grant anything.</summary>
    public bool IsGranting { get; set; } = true;

    /// <summary>Checks a pool between two records.</summary>
    public void CheckAtRest(NaivePool pool, long t)
    {
        var held = pool.Reservations.Values.Sum(r => r.Held);
        var confirmed = pool.Reservations.Values.Sum(r => r.Confirmed);
        if (held != pool[Account.Held] || confirmed != pool[Account.Confirmed])
        {
            fail("2: HELD and CONFIRMED are the sums over reservations",
                $"{pool.Id}: {pool[Account.Held]} and {pool[Account.Confirmed]}, sums {held} and {confirmed}");
        }
        foreach (var late in pool.Reservations.Values.Where(r => r.Held > 0 && r.ExpiresAtMs <= t))
        {
            fail("6: no hold is overdue", $"{late.Id} holds {late.Held} at {t}, expired at {late.ExpiresAtMs}");
        }
        if (pool.DeficitAt(t) != pool.Published)
        {
            fail("3: every deficit is published", $"{pool.Id}: {pool.DeficitAt(t)} at {t}, published {pool.Published}");
        }
        if (pool.ClosesAtMs <= t && pool.Line() is [var vain, ..])
        {
            fail("nobody waits for a pool that is closed", $"{vain.Id} waits at {t}, it closed at {pool.ClosesAtMs}");
        }
        if (inForce.Current.Waiting != WaitlistOrder.None && IsGranting && pool.ClosedBy(t) is null)
        {
            CheckTurns(pool, t);
            if (pool.Published == 0)
            {
                CheckLine(pool, t);
            }
        }
    }

    // One who waits takes what a hold would, as soon as it would.
    private void CheckTurns(NaivePool pool, long t)
    {
        var ahead = new HashSet<string>();
        foreach (var waiter in pool.Line().Where(
            w => !(w.WaitUntilMs <= t) && pool.Fits(w.Waiting) && !pool.MustWait(w.Class)))
        {
            var isTurn = ahead.All(a => NaiveTakings.IsVictim(inForce.Current, waiter.Class, a));
            if (isTurn && NaiveTakings.Could(inForce.Current, pool, waiter, waiter.Waiting, t))
            {
                fail("a waiter takes at its turn what a hold would",
                    $"{waiter.Id} ({waiter.Class}) waits for {waiter.Waiting} at {t}");
            }
            if (inForce.Current.Waiting == WaitlistOrder.StrictFifo && pool.QuotaBroken(waiter, waiter.Waiting) is null)
            {
                ahead.Add(waiter.Class);
            }
        }
    }

    // Who could be served is served in the fold that makes it possible.
    private void CheckLine(NaivePool pool, long t)
    {
        foreach (var waiter in pool.Line())
        {
            if (pool.CanServe(waiter, t))
            {
                fail("waiters are promoted in the fold that frees capacity",
                    $"{waiter.Id} ({waiter.Class}) waits for {waiter.Waiting}, {pool.AvailableTo(waiter.Class, t)} are "
                    + "available to it and no quota forbids them");
            }
            if (inForce.Current.Waiting == WaitlistOrder.StrictFifo && pool.MayBeServed(waiter, t))
            {
                return;
            }
        }
    }

    private void Fold(NaivePool pool, AllocationOutcome outcome)
    {
        var isPreemption = outcome.Event is AllocationOutcomeEvent.Preempted;
        foreach (var entry in outcome.Entries)
        {
            if (entry.Quantity < 1 || entry.From == entry.To)
            {
                fail("entries move units", $"{Name(outcome)}: {entry}");
            }
            pool.Post(entry, isPreemption);
        }
        var moved = outcome.Entries.Where(e => e.ReservationId is not null && e.Kind is not (
            EntryKind.OrphanConsumed or EntryKind.ConsumeAcknowledged or EntryKind.Returned
            or EntryKind.SupplyRebased)).Select(e => e.ReservationId!).Distinct();
        foreach (var id in moved.Where(id => outcome.After.All(a => a.ReservationId != id)))
        {
            fail("an outcome is complete", $"{Name(outcome)} moves units of {id} and does not say what it is after");
        }
        foreach (var cooldown in outcome.Cooldowns)
        {
            pool.Cooldowns[cooldown.Id] = cooldown.EndsAtMs;
        }
        var isSplit = outcome.Event is AllocationOutcomeEvent.ReservationSplit;
        if (isSplit)
        {
            SplitChecks.Check(pool, outcome, fail);
        }
        foreach (var after in outcome.After)
        {
            Adopt(pool, outcome, after);
        }
    }

    // A group revokes what it confirmed until it is committed, whatever the policy says of other releases.
    private void CheckGroup(NaivePool pool, AllocationOutcome outcome, AllocationCommand? command)
    {
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.Confirmed confirmed
                when command is { Body: AllocationCommandBody.Confirm { CommitGroup: not null } }
                && command.CommandId == outcome.CommandId:
                pool[confirmed.ReservationId].IsCommitted = true;
                break;
            case AllocationOutcomeEvent.NoOp { Why: NoOpWhy.GroupCommitted, ReservationId: { } id }:
                pool[id].IsCommitted = true;
                break;
            case AllocationOutcomeEvent.ReservationSplit split:
                foreach (var part in split.Parts)
                {
                    pool[part].IsCommitted = pool[split.ReservationId].IsCommitted;
                }
                break;
            case AllocationOutcomeEvent.Released { Confirmed: > 0, Reason: "GroupAborted" } released
                when pool[released.ReservationId].IsCommitted && !inForce.Current.IsRevocable:
                fail("a committed group revokes nothing", Name(outcome));
                break;
            default:
                break;
        }
    }

    private void Adopt(NaivePool pool, AllocationOutcome outcome, Reservation after)
    {
        var mine = pool[after.ReservationId];
        if (after.Version <= mine.Version)
        {
            fail("1: versions grow",
                $"{Name(outcome)}: {after.ReservationId} has {after.Version} after {mine.Version}");
        }
        if (mine.Text != NaiveReservation.TextOf(after))
        {
            fail("1: a reservation is the sum of its entries",
                $"{Name(outcome)}: {after.ReservationId} is {NaiveReservation.TextOf(after)}, entries say {mine.Text}");
        }
        if (after.Granted != after.Held + after.Confirmed + after.Consumed + after.Released + after.Expired
            + after.Preempted || after.Returned > after.Consumed)
        {
            fail("1: granted is the sum of the buckets", $"{Name(outcome)}: {NaiveReservation.TextOf(after)}");
        }
        long[] buckets =
        [
            after.Held, after.Confirmed, after.Consumed, after.Returned, after.Released, after.Expired, after.Preempted,
            after.Waiting,
        ];
        if (buckets.Min() < 0)
        {
            fail("7: nothing is negative", $"{Name(outcome)}: {NaiveReservation.TextOf(after)}");
        }
        if ((after.Held > 0) != (after.ExpiresAtMs is not null) && after.Waiting == 0)
        {
            fail("what is held expires", $"{Name(outcome)}: holds {after.Held}, expires at {after.ExpiresAtMs}");
        }
        mine.Adopt(after);
    }

    public static string Name(AllocationOutcome outcome) =>
        $"{outcome.PoolId}#{outcome.Sequence} {outcome.Event.GetType().Name} of {outcome.CommandId ?? "a timer"}";

    private static string TextOf(Balances b) =>
        $"{b.External} {b.Free} {b.Held} {b.Confirmed} {b.Consumed} {b.Blocked}";

    private static string TextOf(NaivePool p) =>
        $"{p[Account.External]} {p[Account.Free]} {p[Account.Held]} {p[Account.Confirmed]} {p[Account.Consumed]} "
        + $"{p[Account.Blocked]}";
}
