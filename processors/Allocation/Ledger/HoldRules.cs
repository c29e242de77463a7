using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>Hold: a request of one or several lines is granted or rejected as one.</summary>
internal static class HoldRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Hold hold)
    {
        var lines = LinesOf(hold);
        if (IsSameHold(d, lines, out var isRepeat) && isRepeat)
        {
            return new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.SameHold, ReservationId = lines[0].ReservationId };
        }
        if (d.IsRejected)
        {
            return Reject(d, lines);
        }

        var priorityClass = CheckOffer(d, hold, lines, out var ttlMs);
        if (d.IsRejected)
        {
            return Reject(d, lines);
        }

        var (requested, minimum) = Sum(lines, hold.Mode);
        OfferRules.CheckCapacity(d, minimum);
        var available = CheckAvailability(d, requested, minimum, hold.Mode);
        return d.IsRejected ? Reject(d, lines) : Grant(d, hold, lines, priorityClass, ttlMs, available - minimum);
    }

    /// <summary>A rejected hold is remembered where nothing else is known of its reservation.</summary>
    public static void RememberFailure(Decision d, IReadOnlyList<HoldLine> lines)
    {
        foreach (var line in lines)
        {
            var before = d.Find(line.ReservationId);
            if (ReservationStatuses.Of(before, d.T) is ReservationStatus.None or ReservationStatus.Failed)
            {
                d.Write(new Reservation
                {
                    ReservationId = line.ReservationId,
                    Version = (before?.Version ?? 0) + 1,
                    EndedBy = Ending.Failed,
                    Parked = before?.Parked ?? [],
                });
            }
        }
    }

    /// <summary>The lines of a request, whichever way they are given.</summary>
    public static IReadOnlyList<HoldLine> LinesOf(AllocationCommandBody.Hold hold) => hold.Lines.Count > 0
        ? hold.Lines
        : [new HoldLine
        {
            ReservationId = hold.ReservationId!,
            Quantity = hold.Quantity!.Value,
            MinQuantity = hold.MinQuantity,
        }];

    private static AllocationOutcomeEvent Reject(Decision d, IReadOnlyList<HoldLine> lines)
    {
        RememberFailure(d, lines);
        return d.Rejected(lines[0].ReservationId);
    }

    // Tier 2. The same body as the hold that is known, for every line of it, is a no-op.
    private static bool IsSameHold(Decision d, IReadOnlyList<HoldLine> lines, out bool isRepeat)
    {
        var sameCount = 0;
        for (var index = 0; index < lines.Count; index++)
        {
            var known = d.Find(lines[index].ReservationId);
            var status = ReservationStatuses.Of(known, d.T);
            var isSame = IsLive(status) && known!.HoldHash is { } hash && hash.Span.SequenceEqual(d.Hash.Span);
            sameCount += isSame ? 1 : 0;
            CheckLine(d, lines[index].ReservationId, known, status, isSame);
            if (lines.Count == 1)
            {
                VersionRule.Check(d, known);
            }
        }
        isRepeat = sameCount == lines.Count;
        if (sameCount > 0 && !isRepeat)
        {
            d.Fail(ReasonCode.ReservationExists, "some of the lines are held already");
        }
        return !d.IsRejected;
    }

    private static bool IsLive(ReservationStatus status) => status
        is ReservationStatus.Waitlisted or ReservationStatus.Held or ReservationStatus.Confirmed
            or ReservationStatus.Consumed;

    private static void CheckLine(Decision d, string id, Reservation? known, ReservationStatus status, bool isSame)
    {
        ReasonCode? code = status switch
        {
            ReservationStatus.None or ReservationStatus.Failed => null,
            ReservationStatus.Released => ReasonCode.AlreadyReleased,
            ReservationStatus.Expired => ReasonCode.AlreadyExpired,
            ReservationStatus.Preempted => ReasonCode.AlreadyPreempted,
            ReservationStatus.Consumed when known!.HoldHash is null => ReasonCode.AlreadyConsumed,
            _ => isSame ? null : ReasonCode.ReservationExists,
        };
        d.Look(code is null ? Transition(CommandKind.Hold, status) : Rejection(CommandKind.Hold, status));
        if (code is { } reason)
        {
            d.Fail(reason, reservationId: id);
            if (known!.Cancelled && status is ReservationStatus.Expired or ReservationStatus.Preempted)
            {
                d.Fail(ReasonCode.Cancelled, reservationId: id);
            }
        }
    }

    // Tier 3: what the policy offers.
    private static string CheckOffer(
        Decision d, AllocationCommandBody.Hold hold, IReadOnlyList<HoldLine> lines, out long ttlMs)
    {
        if (hold.Mode == HoldMode.Waitlist)
        {
            d.Look(Step(DecisionRule.Offered, RuleResult.Failed, "waitlist"));
            d.Fail(ReasonCode.PolicyForbids, "the policy offers no waitlist");
        }
        OfferRules.CheckOffer(d);
        var first = ClassOf(d, hold, lines[0]);
        for (var index = 1; index < lines.Count; index++)
        {
            if (lines[index].Class is not null)
            {
                ClassOf(d, hold, lines[index]);
            }
        }
        ttlMs = TtlRule.Check(d, first, hold.TtlMs);
        return first;
    }

    private static string ClassOf(Decision d, AllocationCommandBody.Hold hold, HoldLine line)
    {
        if ((line.Class ?? hold.Class) is { } requested)
        {
            var isKnown = d.Policy.HasClass(requested);
            d.Look(Step(DecisionRule.Class, isKnown ? RuleResult.Passed : RuleResult.Failed, requested));
            if (!isKnown)
            {
                d.Fail(ReasonCode.PolicyForbids, $"the policy knows no class {requested}", line.ReservationId);
            }
            return requested;
        }
        var row = d.Policy.ClassFor(d.Pool.PoolId, d.Command!.Actor.Channel, d.Command.Actor.Tier);
        d.Look(Step(DecisionRule.Class, RuleResult.Applied, row.Id));
        return row.Class;
    }

    private static (long Requested, long Minimum) Sum(IReadOnlyList<HoldLine> lines, HoldMode mode)
    {
        long requested = 0;
        long minimum = 0;
        for (var index = 0; index < lines.Count; index++)
        {
            requested = checked(requested + lines[index].Quantity);
            minimum = checked(minimum + MinimumOf(lines[index], mode));
        }
        return (requested, minimum);
    }

    private static long MinimumOf(HoldLine line, HoldMode mode) =>
        mode == HoldMode.Partial ? line.MinQuantity ?? 1 : line.Quantity;

    // Tier 6: what is there now.
    private static long CheckAvailability(Decision d, long requested, long minimum, HoldMode mode)
    {
        var available = Availability.Of(d.Free).Available;
        var isEnough = available >= minimum;
        d.Look(mode == HoldMode.Partial
            ? Step(
                DecisionRule.Availability, isEnough ? RuleResult.Passed : RuleResult.Failed, "",
                N(NumberName.Requested, requested), N(NumberName.Minimum, minimum), N(NumberName.Available, available))
            : Step(
                DecisionRule.Availability, isEnough ? RuleResult.Passed : RuleResult.Failed, "",
                N(NumberName.Requested, requested), N(NumberName.Available, available)));
        if (!isEnough)
        {
            Shortage.Fail(d, minimum, available);
        }
        return available;
    }

    private static AllocationOutcomeEvent.Held Grant(
        Decision d, AllocationCommandBody.Hold hold, IReadOnlyList<HoldLine> lines, string priorityClass,
        long ttlMs, long spare)
    {
        var expiresAt = checked(d.T + ttlMs);
        var granted = new GrantedLine[lines.Count];
        for (var index = 0; index < lines.Count; index++)
        {
            var line = lines[index];
            var quantity = MinimumOf(line, hold.Mode);
            var more = Math.Min(line.Quantity - quantity, spare);
            spare -= more;
            quantity += more;
            granted[index] = new GrantedLine
            {
                ReservationId = line.ReservationId,
                Requested = line.Quantity,
                Granted = quantity,
            };
            d.Post(EntryKind.Held, Account.Free, Account.Held, quantity, line.ReservationId);
            d.Write(NewReservation(d, hold, line, quantity, line.Class ?? priorityClass, expiresAt));
            d.SetTimer(expiresAt, TimerKind.Expiry, line.ReservationId);
        }
        return new AllocationOutcomeEvent.Held { Lines = granted, Class = priorityClass, ExpiresAtMs = expiresAt };
    }

    private static Reservation NewReservation(
        Decision d, AllocationCommandBody.Hold hold, HoldLine line, long quantity, string priorityClass, long expiresAt)
    {
        var before = d.Find(line.ReservationId);
        var actor = d.Command!.Actor;
        return new Reservation
        {
            ReservationId = line.ReservationId,
            Version = (before?.Version ?? 0) + 1,
            Held = quantity,
            Granted = quantity,
            Class = priorityClass,
            ExpiresAtMs = expiresAt,
            CreatedAtMs = d.T,
            HeldAtMs = d.T,
            OrderRef = hold.OrderRef,
            CustomerRef = hold.CustomerRef,
            GroupId = hold.GroupId,
            Channel = actor.Channel,
            Tier = actor.Tier,
            Dealer = hold.Attributes.GetValueOrDefault(Scopes.DealerAttribute),
            HoldCommandId = d.Command.CommandId,
            HoldHash = d.Hash,
            Parked = before?.Parked ?? [],
        };
    }
}
