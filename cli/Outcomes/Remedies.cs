using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Outcomes;

/// <summary>What would have made a rejected command pass, and when that is expected.</summary>
internal static class Remedies
{
    /// <summary>In words; null where there is nothing to say beyond the reason.</summary>
    public static string? Of(Reason reason)
    {
        var numbers = reason.Numbers.GroupBy(n => n.Name).ToDictionary(g => g.Key, g => g.First().Value);
        return OfEnvelope(reason.Code, numbers) ?? OfReservation(reason.Code, numbers) ?? OfPolicy(reason, numbers)
            ?? OfSupply(reason, numbers);
    }

    private static string? OfEnvelope(ReasonCode code, Dictionary<NumberName, long> n) => code switch
    {
        ReasonCode.IdempotencyConflict =>
            "a command id of its own: this one was used for something else",
        ReasonCode.DeadlineExceeded => "a later deadline, or none, and a new command id",
        ReasonCode.TooOld => "a new command id and the present time: what is this old may be forgotten already",
        ReasonCode.UnknownPool => "a pool that is known: configure it, or report supply for it, first",
        ReasonCode.NotAuthoritative => "asking the system that owns the pool, until authority is transferred here",
        ReasonCode.PoolFrozen => "waiting until the transfer of the pool is complete; confirmations and releases go on",
        ReasonCode.StaleEpoch => Has(n, NumberName.Expected) is { } epoch
            ? $"the present epoch, {epoch}: authority changed hands since"
            : "the present epoch: authority changed hands since",
        ReasonCode.VersionMismatch => Has(n, NumberName.Actual) is { } version
            ? $"--expected-version {version}, after a look at what changed"
            : "the present version, after a look at what changed",
        _ => null,
    };

    private static string? OfReservation(ReasonCode code, Dictionary<NumberName, long> n) => code switch
    {
        ReasonCode.UnknownReservation or ReasonCode.NeverHeld => "a hold of this reservation first",
        ReasonCode.ReservationExists => "another reservation id, or the very same hold again",
        ReasonCode.NotHeld => "units that are held: a waiter gets them when it is promoted",
        ReasonCode.NotConfirmed => "a confirmation first",
        ReasonCode.AlreadyReleased or ReasonCode.AlreadyExpired or ReasonCode.AlreadyPreempted
            or ReasonCode.Cancelled => "a new hold under a new reservation id: this one has ended",
        ReasonCode.AlreadyConsumed => "a return of what was consumed, or a new reservation id",
        ReasonCode.ExceedsHeld => Has(n, NumberName.Held) is { } held
            ? $"{held} units or fewer: that is what is held"
            : "no more than is held",
        ReasonCode.ExceedsConfirmed => Has(n, NumberName.Confirmed) is { } confirmed
            ? $"{confirmed} units or fewer: that is what is confirmed"
            : "no more than is confirmed",
        ReasonCode.ExceedsBlocked => Has(n, NumberName.Blocked) is { } blocked
            ? $"{blocked} units or fewer: that is what is blocked"
            : "no more than is blocked",
        ReasonCode.SelfApproval => "the approval of another person than the one who asked",
        ReasonCode.NothingToApprove => "a command that waits for an approval: this one does not, or waits no longer",
        _ => null,
    };

    private static string? OfPolicy(Reason reason, Dictionary<NumberName, long> n) => reason.Code switch
    {
        ReasonCode.PolicyForbids when Has(n, NumberName.ClosesAt) is { } closed =>
            $"nothing any more: the pool closed at {Words.Time(closed)}",
        ReasonCode.PolicyForbids => "another row of the policy; alloc policy get shows the one in force",
        ReasonCode.TtlExceedsMaximum => Has(n, NumberName.Maximum) is { } ttl
            ? $"--ttl of at most {Duration.Show(TimeSpan.FromMilliseconds(ttl))}"
            : "a shorter --ttl",
        ReasonCode.ExtensionLimit => "a confirmation, or a new hold: this one was extended as often as it may be",
        ReasonCode.DegradedMode => "waiting until the degraded mode is switched off; alloc mode get shows it",
        ReasonCode.ExceedsMaximumCapacity => Has(n, NumberName.Maximum) is { } maximum
            ? $"{maximum} units or fewer: no request of this pool can ever get more"
            : "fewer units: no request of this pool can ever get so many",
        ReasonCode.QuotaExceeded => Quota(reason, n),
        _ => null,
    };

    private static string? OfSupply(Reason reason, Dictionary<NumberName, long> n) => reason.Code switch
    {
        ReasonCode.ProtectedForHigherClass => Joined(
            Has(n, NumberName.Available) is > 0 and var left ? $"{left} units or fewer" : null,
            "a class that the units are kept for",
            "waiting until that class has used what is kept for it"),
        ReasonCode.WaitersAhead => "a place in line (--mode waitlist): those who wait come first",
        ReasonCode.WaitlistFull => "waiting until the line is shorter: it is as long as it may be",
        ReasonCode.PreemptionNotPermitted => Has(n, NumberName.CooldownEndsAt) is { } ends
            ? $"waiting until {Words.Time(ends)}, when this class may preempt again"
            : Has(n, NumberName.Lendable) is not null && Has(n, NumberName.FreedByPreemption) is { } freed
            ? $"waiting until units come back: no more than {freed} can be taken back from those who borrow"
            : "units that are free: none may be taken from those who hold them",
        ReasonCode.InsufficientAvailability => Shortage(n),
        _ => null,
    };

    private static string Quota(Reason reason, Dictionary<NumberName, long> n)
    {
        var scope = reason.Scope ?? "the scope";
        var limit = Has(n, NumberName.Limit);
        var used = Has(n, NumberName.Used);
        var left = limit - used;
        if (limit is 0)
        {
            return $"a policy that gives {scope} units here: its quota is 0";
        }
        if (limit < Has(n, NumberName.Requested))
        {
            return Joined(
                left is > 0 ? $"{left} units or fewer" : null, $"a quota of more than {limit}: waiting is not enough");
        }
        return Joined(
            left is > 0 ? $"{left} units or fewer" : null,
            $"waiting until {scope} gives units back"
                + (used is not null && limit is not null ? $": it uses {used} of {limit}" : ""));
    }

    private static string Shortage(Dictionary<NumberName, long> n)
    {
        var deficit = Has(n, NumberName.Deficit);
        var shortBy = Has(n, NumberName.ShortBy);
        return Joined(
            deficit is > 0
                ? $"supply or releases of more than {deficit} units: promises exceed supply by so many"
                : null,
            Has(n, NumberName.Available) is > 0 and var available ? $"{available} units or fewer" : null,
            Has(n, NumberName.NextExpiryAt) is { } expiry
                ? $"waiting until {Words.Time(expiry)}: by then enough holds expire, if nobody confirms or extends them"
                : shortBy is null ? null
                : $"{shortBy} more by releases or supply: no expiry that is known would free so many");
    }

    private static long? Has(Dictionary<NumberName, long> numbers, NumberName name) =>
        numbers.TryGetValue(name, out var value) ? value : null;

    private static string Joined(params string?[] ways) => string.Join("; or ", ways.OfType<string>());
}
