using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Outcomes;

/// <summary>What would have made a rejected command pass, and when that is expected.</summary>
internal static class Remedies
{
    /// <summary>In words; null where there is nothing to say beyond the reason.</summary>
    /// <param name="reason">Why it was rejected.</param>
    /// <param name="steps">The rules that were looked at: rows, and what the reservation was.</param>
    public static string? Of(Reason reason, IReadOnlyList<DecisionStep> steps)
    {
        var numbers = reason.Numbers.GroupBy(n => n.Name).ToDictionary(g => g.Key, g => g.First().Value);
        return OfEnvelope(reason, numbers) ?? OfReservation(reason.Code, numbers, steps)
            ?? PolicyRemedies.Of(reason, numbers) ?? OfSupply(reason, numbers, steps);
    }

    private static string? OfEnvelope(Reason reason, Dictionary<NumberName, long> n) => reason.Code switch
    {
        ReasonCode.Malformed => Malformed(n),
        ReasonCode.IdempotencyConflict =>
            "a command id of its own: this one was used for something else",
        ReasonCode.DeadlineExceeded => "a later deadline, or none, and a new command id",
        ReasonCode.TooOld => "a new command id and the present time: what is this old may be forgotten already",
        ReasonCode.UnknownPool => "a pool that is known: configure it, or report supply for it, first",
        ReasonCode.NotAuthoritative => "asking the system that owns the pool, until authority is transferred here",
        ReasonCode.PoolFrozen => "waiting until the transfer of the pool is complete; confirmations and releases go on",
        ReasonCode.StaleEpoch => (Has(n, NumberName.Expected) ?? Has(n, NumberName.Actual)) is { } epoch
            ? $"the present epoch, {epoch}: authority changed hands since"
            : "the present epoch: authority changed hands since (alloc authority get shows it)",
        ReasonCode.AuthorityConflict => Has(n, NumberName.Actual) is { } taken
            ? $"an epoch above {taken}; alloc authority get shows who has the slice"
            : "a frozen slice, for imports; or the mode and owner that alloc authority get shows",
        ReasonCode.VersionMismatch => Has(n, NumberName.Actual) switch
        {
            0 => "no --expected-version: the reservation is not known",
            { } version => $"--expected-version {version}, after a look at what changed",
            null => "the present version, after a look at what changed",
        },
        _ => null,
    };

    private static string Malformed(Dictionary<NumberName, long> n) =>
        Has(n, NumberName.Minimum) is { } least && Has(n, NumberName.Maximum) is { } most
            ? $"a number from {least} to {most}"
            : Has(n, NumberName.Length) is not null && Has(n, NumberName.Maximum) is { } length
            ? $"1 to {length} characters, none of them a control character"
            : "the same command with that put right; nothing of it was registered, so its id may stay";

    private static string? OfReservation(
        ReasonCode code, Dictionary<NumberName, long> n, IReadOnlyList<DecisionStep> steps) => code switch
        {
            ReasonCode.UnknownReservation or ReasonCode.NeverHeld => "a hold of this reservation first",
            ReasonCode.ReservationExists => "another reservation id, or the very same hold again",
            ReasonCode.NotHeld when Status(steps) == "Confirmed" =>
                "units that are held: of this reservation none are, they are confirmed already",
            ReasonCode.NotHeld => "units that are held: a waiter gets them when it is promoted",
            ReasonCode.NotConfirmed => "a confirmation first",
            ReasonCode.OtherGroup => "the group that the reservation was held for: alloc reservation get shows it",
            ReasonCode.AlreadyReleased or ReasonCode.AlreadyExpired or ReasonCode.AlreadyPreempted
                or ReasonCode.Cancelled => "a new hold under a new reservation id: this one has ended",
            ReasonCode.AlreadyConsumed => "a return of what was consumed, or a new reservation id",
            ReasonCode.ExceedsHeld => AtMost(n, NumberName.Held, "held"),
            ReasonCode.ExceedsConfirmed => AtMost(n, NumberName.Confirmed, "confirmed"),
            ReasonCode.ExceedsBlocked => AtMost(n, NumberName.Blocked, "blocked"),
            ReasonCode.ExceedsAccount => AtMost(n, NumberName.Actual, "there"),
            ReasonCode.SelfApproval => "the approval of another person than the one who asked",
            ReasonCode.NothingToApprove =>
                "a command that waits for an approval: this one does not, or waits no longer",
            _ => null,
        };

    private static string AtMost(Dictionary<NumberName, long> n, NumberName name, string word) =>
        Has(n, name) is { } units
            ? $"{Words.UnitsOrFewer(units)}: that is what is {word}"
            : $"no more than is {word}";

    // A transition's row is COMMAND/STATUS.
    private static string? Status(IReadOnlyList<DecisionStep> steps) =>
        steps.FirstOrDefault(s => s.Rule == DecisionRule.Transition)?.Row.Split('/')[^1];

    private static string? OfSupply(
        Reason reason, Dictionary<NumberName, long> n, IReadOnlyList<DecisionStep> steps) => reason.Code switch
        {
            ReasonCode.ProtectedForHigherClass => Joined(
                Has(n, NumberName.Available) is > 0 and var left ? Words.UnitsOrFewer(left) : null,
                "a class that the units are kept for" + Rows(steps, DecisionRule.Protection),
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

    private static string Rows(IReadOnlyList<DecisionStep> steps, DecisionRule rule)
    {
        var rows = steps.Where(s => s.Rule == rule && s.Row.Length > 0).Select(s => s.Row).Distinct().ToList();
        return rows.Count == 0 ? "" : $" ({string.Join(", ", rows)})";
    }

    private static string Shortage(Dictionary<NumberName, long> n)
    {
        var deficit = Has(n, NumberName.Deficit);
        var shortBy = Has(n, NumberName.ShortBy);
        return Joined(
            deficit is > 0
                ? $"supply or releases of more than {Words.Units(deficit.Value)}: promises exceed supply by so many"
                : null,
            Has(n, NumberName.Available) is > 0 and var available ? Words.UnitsOrFewer(available) : null,
            Has(n, NumberName.NextExpiryAt) is { } expiry
                ? $"waiting until {Words.Time(expiry)}: by then enough holds expire, if nobody confirms or extends them"
                : shortBy is null ? null
                : $"{shortBy} more by releases or supply: no expiry that is known would free so many");
    }

    internal static long? Has(Dictionary<NumberName, long> numbers, NumberName name) =>
        numbers.TryGetValue(name, out var value) ? value : null;

    internal static string Joined(params string?[] ways) => string.Join("; or ", ways.OfType<string>());
}
