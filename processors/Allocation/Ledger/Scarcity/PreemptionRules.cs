using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>
/// Preemption: a class takes from lower ones what it lacks. Held units before confirmed ones, the lowest class first,
/// the newest first, until enough would be available; then, in reverse, whoever is not needed keeps what it has.
/// </summary>
internal static class PreemptionRules
{
    /// <summary>
    /// Finds who would lose what so that the missing units are there; null, with a reason, when the policy lets the
    /// class preempt but not now or not enough. Null without a reason where it does not let it at all.
    /// </summary>
    /// <param name="d">The decision.</param>
    /// <param name="priorityClass">The class that lacks units.</param>
    /// <param name="reservationId">The reservation that is granted them.</param>
    /// <param name="missing">Units that it lacks.</param>
    /// <param name="before">What is taken for other lines of the same request; it counts against the cap.</param>
    public static PreemptionPlan? Plan(
        Decision d, string priorityClass, string reservationId, long missing, IReadOnlyList<PreemptionPlan> before)
    {
        if (d.Policy.PreemptionTable.Count == 0
            || d.Policy.PreemptionFor(d.Pool.PoolId, d.Policy.ClassToday(priorityClass)) is not { } row)
        {
            return null;
        }
        if (d.State.GetCooldown(d.Pool.PoolId, row.Class) is { } endsAt && endsAt > d.T)
        {
            Refuse(d, reservationId, row, DecisionRule.Cooldown, N(NumberName.CooldownEndsAt, endsAt));
            return null;
        }
        var takes = new List<PreemptionTake>();
        var victims = before.Where(p => p.Row?.Id == row.Id).SelectMany(p => p.Takes).Select(t => t.ReservationId)
            .ToHashSet(StringComparer.Ordinal);
        var freed = Collect(d, row, reservationId, missing, takes, victims, confirmed: false);
        if (freed < missing && row.IncludeConfirmed)
        {
            freed += Collect(d, row, reservationId, missing - freed, takes, victims, confirmed: true);
        }
        if (freed < missing)
        {
            Refuse(
                d, reservationId, row, DecisionRule.Preemption, N(NumberName.Need, missing),
                N(NumberName.FreedByPreemption, (long)freed), N(NumberName.Victims, victims.Count),
                N(NumberName.Limit, row.MaximumVictims), N(NumberName.MinimumAgeMs, row.MinimumAgeMs));
            return null;
        }
        GiveBack(takes, freed - missing);
        return new PreemptionPlan(row, reservationId, priorityClass, takes);
    }

    /// <summary>One victim loses its units.</summary>
    public static AllocationOutcomeEvent.Preempted Take(Decision d, PreemptionPlan plan, in PreemptionTake take)
    {
        var known = d.Find(take.ReservationId)!;
        var quantity = checked(take.Held + take.Confirmed);
        d.Look(Step(
            DecisionRule.Preemption, RuleResult.Applied, plan.RowId, [
                N(NumberName.Held, take.Held), N(NumberName.Confirmed, take.Confirmed),
                N(NumberName.AgeMs, AgeOf(d, known)),
                .. plan.Row is { } row ? [N(NumberName.MinimumAgeMs, row.MinimumAgeMs)] : plan.QuotaNumbers,
            ]));
        d.Post(EntryKind.HoldPreempted, Account.Held, Account.Free, take.Held, take.ReservationId);
        d.Post(EntryKind.ConfirmRevoked, Account.Confirmed, Account.Free, take.Confirmed, take.ReservationId);
        if (take.Held > 0)
        {
            d.CancelTimer(known.ExpiresAtMs!.Value, TimerKind.Expiry, take.ReservationId);
        }
        var confirmed = known.Confirmed - take.Confirmed;
        var after = known with
        {
            Version = known.Version + 1,
            Held = known.Held - take.Held,
            Confirmed = confirmed,
            Preempted = checked(known.Preempted + quantity),
            Lapsed = checked(known.Lapsed + quantity),
            ExpiresAtMs = take.Held > 0 ? null : known.ExpiresAtMs,
            HeldTakenBy = known.Held == take.Held ? Ending.Preempted : known.HeldTakenBy,
            EndedBy = confirmed == 0 && known.Held == take.Held ? Ending.Preempted : known.EndedBy,
        };
        var waitsAgain = WaitsAgain(d, plan.Row, after, quantity);
        d.Write(waitsAgain ? WaitAgain(d, after, quantity) : after);
        return new AllocationOutcomeEvent.Preempted
        {
            ReservationId = take.ReservationId,
            Quantity = quantity,
            Confirmed = take.Confirmed,
            By = plan.By,
            ByClass = plan.ByClass,
            WaitsAgain = waitsAgain,
        };
    }

    /// <summary>The outcome that grants what was taken says so, and starts the cool-down of its class.</summary>
    public static void Tell(Decision d, PreemptionPlan plan, bool isFirst)
    {
        var victims = N(NumberName.Victims, plan.Takes.Count);
        d.Look(Step(
            DecisionRule.Preemption, RuleResult.Applied, plan.RowId, plan.Quota is null
                ? [victims, N(NumberName.FreedByPreemption, plan.Freed)]
                : [victims, .. plan.QuotaNumbers]));
        if (isFirst && plan.Row is { CooldownMs: > 0 } row)
        {
            var endsAt = Availability.Saturate((Int128)d.T + row.CooldownMs);
            d.Write(new Cooldown { Id = row.Class, EndsAtMs = endsAt });
        }
    }

    /// <summary>
    /// The next time at which enough might be taken that cannot be now, if nothing else happens: when a cool-down is
    /// over, or a holder is old enough. Never too late; null when no time will do.
    /// </summary>
    public static long? MightDoAt(Decision d, string priorityClass, string reservationId, long missing)
    {
        if (d.Policy.PreemptionTable.Count == 0 || missing < 1
            || d.Policy.PreemptionFor(d.Pool.PoolId, d.Policy.ClassToday(priorityClass)) is not { } row)
        {
            return null;
        }
        if (d.State.GetCooldown(d.Pool.PoolId, row.Class) is { } endsAt && endsAt > d.T)
        {
            return endsAt;
        }
        if (row.MinimumAgeMs == 0)
        {
            return null;
        }
        var found = new List<(long AtMs, long Units)>();
        foreach (var known in Holders(d, row, reservationId, heldUntilMs: long.MaxValue))
        {
            var units = Availability.Saturate((Int128)known.Held + (row.IncludeConfirmed ? known.Confirmed : 0));
            if (units > 0 && (known.HeldAtMs ?? known.CreatedAtMs) is { } heldAt)
            {
                found.Add((Availability.Saturate((Int128)heldAt + row.MinimumAgeMs), units));
            }
        }
        found.Sort((x, y) => x.AtMs.CompareTo(y.AtMs));
        // No more than the greatest that the cap allows.
        var greatest = new PriorityQueue<long, long>();
        Int128 sum = 0;
        foreach (var (atMs, units) in found)
        {
            sum += units;
            greatest.Enqueue(units, units);
            sum -= greatest.Count > row.MaximumVictims ? greatest.Dequeue() : 0;
            if (atMs > d.T && sum >= missing)
            {
                return atMs;
            }
        }
        return null;
    }

    private static long AgeOf(Decision d, Reservation known) => d.T - (known.HeldAtMs ?? known.CreatedAtMs ?? d.T);

    private static Int128 Collect(
        Decision d, PreemptionRow row, string reservationId, Int128 missing, List<PreemptionTake> takes,
        HashSet<string> victims, bool confirmed)
    {
        Int128 freed = 0;
        foreach (var known in Holders(d, row, reservationId, d.T - row.MinimumAgeMs))
        {
            if (freed >= missing || (!confirmed && victims.Count >= row.MaximumVictims))
            {
                break;
            }
            var id = known.ReservationId;
            var quantity = confirmed ? known.Confirmed : known.Held;
            if (quantity == 0 || AgeOf(d, known) < row.MinimumAgeMs
                || (victims.Count >= row.MaximumVictims && !victims.Contains(id)))
            {
                continue;
            }
            victims.Add(id);
            takes.Add(new PreemptionTake(id, confirmed ? 0 : quantity, confirmed ? quantity : 0));
            freed += quantity;
        }
        return freed;
    }

    // Those whom the row lets lose units, as what is taken for other lines leaves them, the lowest class and the newest
    // first. A hold with a command that waits for it is spared: what it will be decided to be is not known yet.
    private static IEnumerable<Reservation> Holders(
        Decision d, PreemptionRow row, string reservationId, long heldUntilMs)
    {
        var lookedAt = 0;
        var rank = d.Policy.RankOf(row.Class);
        foreach (var priorityClass in DeficitRules.ClassesOf(d.Policy))
        {
            var today = d.Policy.ClassToday(priorityClass);
            if (!row.Victims.Contains(today) || d.Policy.RankOf(today) <= rank)
            {
                continue;
            }
            foreach (var place in d.State.GetHolders(d.Pool.PoolId, priorityClass))
            {
                if (++lookedAt > d.Policy.Limits.VictimsLookedAt)
                {
                    yield break;
                }
                if (place.HeldAtMs > heldUntilMs)
                {
                    continue;
                }
                var known = d.Written(place.ReservationId)
                    ?? d.State.GetReservation(d.Pool.PoolId, place.ReservationId);
                if (known is { Parked.Count: 0 } && place.ReservationId != reservationId)
                {
                    yield return known;
                }
            }
        }
    }

    private static void GiveBack(List<PreemptionTake> takes, Int128 surplus)
    {
        for (var index = takes.Count - 1; index >= 0; index--)
        {
            var quantity = (Int128)takes[index].Held + takes[index].Confirmed;
            if (quantity <= surplus)
            {
                surplus -= quantity;
                takes.RemoveAt(index);
            }
        }
    }

    private static bool WaitsAgain(Decision d, PreemptionRow? row, Reservation victim, long quantity) =>
        row is { VictimWaitsAgain: true } && victim is { Held: 0, Confirmed: 0, Waiting: 0 }
        && d.Policy.WaitlistFor(d.Pool.PoolId) is { } line && d.Pool.Waiters < line.MaximumWaiters
        && !GrantBars.IsClosed(d) && !GrantBars.CanNeverFit(d, GrantOwner.Of(victim), quantity);

    // At its original place: when it came, less the boost of its class.
    private static Reservation WaitAgain(Decision d, Reservation victim, long quantity)
    {
        var row = d.Policy.WaitlistFor(d.Pool.PoolId)!;
        var until = Waiting.BeforeClosing(
            d, victim.WaitUntilMs is { } asked && asked > d.T ? asked : Waiting.LastMoment(d, row));
        d.SetTimer(until, TimerKind.Expiry, victim.ReservationId);
        var came = victim.CreatedAtMs ?? victim.HeldAtMs ?? d.T;
        return victim with
        {
            Waiting = quantity,
            WaitUntilMs = until,
            EnqueuedAtMs = victim.EnqueuedAtMs
                ?? Availability.Saturate((Int128)came - row.BoostFor(d.Policy.ClassToday(victim.Class))),
        };
    }

    private static void Refuse(
        Decision d, string reservationId, PreemptionRow row, DecisionRule rule, params DecisionNumber[] numbers)
    {
        d.Look(Step(rule, RuleResult.Failed, row.Id, numbers));
        d.Fail(ReasonCode.PreemptionNotPermitted, row.Id, reservationId, numbers);
    }
}
