using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>Hold: a request of one or several lines is granted or rejected as one.</summary>
internal static class HoldRules
{
    public static Ruling Decide(Decision d, AllocationCommandBody.Hold hold)
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

        var offer = HoldOffers.Check(d, hold, lines);
        if (d.IsRejected)
        {
            return Reject(d, lines);
        }

        var (requested, minimum) = Sum(lines, hold.Mode);
        GrantBars.CheckCapacity(d, minimum);
        return offer.HasSeveralClasses
            ? GrantEach(d, hold, lines, offer)
            : GrantTogether(d, hold, lines, offer, requested, minimum);
    }

    // Lines of one class are granted together, or wait.
    private static Ruling GrantTogether(
        Decision d, AllocationCommandBody.Hold hold, IReadOnlyList<HoldLine> lines, in HoldOffer offer,
        long requested, long minimum)
    {
        var isPartial = hold.Mode == HoldMode.Partial;
        var owner = OwnerOf(d, hold, offer.ClassOf(lines[0]));
        var canEverFit = !d.IsRejected;
        var most = Grants.Check(
            d, owner, requested, isPartial ? minimum : null, newcomer: lines[0].ReservationId);
        if (!d.IsRejected)
        {
            Takings.Tell(d);
            Grant(d, hold, lines, offer, Math.Min(most, GrantBars.LargestRequest(d)) - minimum);
            return Happened(d, lines, offer);
        }
        if (canEverFit && Takings.Plan(d, owner, lines[0].ReservationId, minimum) is { } plans)
        {
            return Ruling.First(plans);
        }
        if (hold.Mode == HoldMode.Waitlist && canEverFit && !GrantBars.CanNeverFit(d, owner, requested)
            && Waiting.HasRoom(d, lines[0].ReservationId))
        {
            return Waiting.Enqueue(
                d, hold, NewReservation(d, hold, lines[0], requested, owner.Class, d.T), requested);
        }
        return DropAndReject(d, lines);
    }

    // Lines of several classes: what some lack is taken for all of them, or for none.
    private static Ruling GrantEach(
        Decision d, AllocationCommandBody.Hold hold, IReadOnlyList<HoldLine> lines, in HoldOffer offer)
    {
        GrantOneByOne(d, hold, lines, offer);
        if (!d.IsRejected)
        {
            Takings.Tell(d);
            return Happened(d, lines, offer);
        }
        var asks = new GrantAsk[lines.Count];
        for (var index = 0; index < asks.Length; index++)
        {
            var owner = OwnerOf(d, hold, offer.ClassOf(lines[index]));
            asks[index] = new GrantAsk(
                owner, lines[index].ReservationId, MinimumOf(lines[index], hold.Mode),
                NewReservation(d, hold, lines[index], MinimumOf(lines[index], hold.Mode), owner.Class, d.T));
        }
        return Takings.Plan(d, asks) is { } plans ? Ruling.First(plans) : DropAndReject(d, lines);
    }

    /// <summary>A rejected hold is remembered where nothing else is known of its reservation.</summary>
    public static void RememberFailure(Decision d, IReadOnlyList<HoldLine> lines)
    {
        var hold = d.Command?.Body as AllocationCommandBody.Hold;
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
                    OrderRef = Reference(d, hold?.OrderRef),
                    CustomerRef = Reference(d, hold?.CustomerRef),
                    Parked = before?.Parked ?? [],
                });
            }
        }
    }

    // Whose request failed is worth finding; a text that is malformed itself is not kept.
    private static string? Reference(Decision d, string? text) =>
        text?.Length <= d.Policy.Limits.MaximumIdLength ? text : null;

    /// <summary>The lines of a request, whichever way they are given.</summary>
    public static IReadOnlyList<HoldLine> LinesOf(AllocationCommandBody.Hold hold) => hold.Lines.Count > 0
        ? hold.Lines
        : [new HoldLine
        {
            ReservationId = hold.ReservationId!,
            Quantity = hold.Quantity!.Value,
            MinQuantity = hold.MinQuantity,
        }];

    private static AllocationOutcomeEvent DropAndReject(Decision d, IReadOnlyList<HoldLine> lines)
    {
        d.DropEffects();
        return Reject(d, lines);
    }

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
            ReservationStatus.Consumed when known!.Granted == 0 => ReasonCode.AlreadyConsumed,
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

    private static GrantOwner OwnerOf(Decision d, AllocationCommandBody.Hold hold, string priorityClass) => new(
        priorityClass, d.Command!.Actor.Channel, d.Command.Actor.Tier, hold.CustomerRef,
        hold.Attributes.GetValueOrDefault(Scopes.DealerAttribute));

    private static void Grant(
        Decision d, AllocationCommandBody.Hold hold, IReadOnlyList<HoldLine> lines, in HoldOffer offer, long spare)
    {
        for (var index = 0; index < lines.Count; index++)
        {
            var line = lines[index];
            var quantity = MinimumOf(line, hold.Mode);
            var more = Math.Min(line.Quantity - quantity, spare);
            spare -= more;
            quantity += more;
            Post(d, hold, line, quantity, quantity, offer);
        }
    }

    // Lines of several classes are granted one after another, each on what the ones before left: first what each
    // needs, then what is left over.
    private static void GrantOneByOne(
        Decision d, AllocationCommandBody.Hold hold, IReadOnlyList<HoldLine> lines, in HoldOffer offer)
    {
        var isPartial = hold.Mode == HoldMode.Partial;
        var spare = GrantBars.LargestRequest(d) - Sum(lines, hold.Mode).Minimum;
        for (var index = 0; index < lines.Count; index++)
        {
            var line = lines[index];
            var minimum = MinimumOf(line, hold.Mode);
            var owner = OwnerOf(d, hold, offer.ClassOf(line));
            var most = Grants.Check(
                d, owner, line.Quantity, isPartial ? minimum : null, line.ReservationId, line.ReservationId);
            if (most >= minimum)
            {
                Post(d, hold, line, minimum, minimum, offer);
            }
        }
        for (var index = 0; index < lines.Count && isPartial && !d.IsRejected; index++)
        {
            var line = lines[index];
            var granted = MinimumOf(line, hold.Mode);
            var owner = OwnerOf(d, hold, offer.ClassOf(line));
            var more = Math.Min(Math.Min(line.Quantity - granted, spare), Grants.Most(d, owner));
            if (more > 0)
            {
                spare -= more;
                // Overbooking may be another now that a line has what was kept for its class: the trace has it.
                Grants.Check(d, owner, more, reservationId: line.ReservationId);
                Post(d, hold, line, more, granted + more, offer);
            }
        }
    }

    private static void Post(
        Decision d, AllocationCommandBody.Hold hold, HoldLine line, long quantity, long total, in HoldOffer offer)
    {
        var expiresAt = checked(d.T + offer.TtlMs);
        d.Post(EntryKind.Held, Account.Free, Account.Held, quantity, line.ReservationId);
        d.Write(NewReservation(d, hold, line, total, offer.ClassOf(line), expiresAt));
        if (quantity == total)
        {
            d.SetTimer(expiresAt, TimerKind.Expiry, line.ReservationId);
        }
    }

    private static AllocationOutcomeEvent.Held Happened(
        Decision d, IReadOnlyList<HoldLine> lines, in HoldOffer offer)
    {
        var granted = new GrantedLine[lines.Count];
        for (var index = 0; index < lines.Count; index++)
        {
            granted[index] = new GrantedLine
            {
                ReservationId = lines[index].ReservationId,
                Requested = lines[index].Quantity,
                Granted = d.Written(lines[index].ReservationId)!.Held,
            };
        }
        return new AllocationOutcomeEvent.Held
        {
            Lines = granted,
            Class = offer.ClassOf(lines[0]),
            ExpiresAtMs = checked(d.T + offer.TtlMs),
        };
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
