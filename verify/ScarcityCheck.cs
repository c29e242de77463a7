namespace Alloc.Verify;

/// <summary>
/// Checks of one pool that have to do with too few units: overbooking and protection by the numbers of an outcome's own
/// trace, deficits, quotas, those that wait, and preemption. Knows no policy: what a policy allows stands in the trace.
/// </summary>
internal sealed class ScarcityCheck(PoolModel pool, Action<FindingKind, ObservedOutcome, string> report)
{
    private readonly Dictionary<string, (long Open, long Consumed)> usage = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> cooldowns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObservedReservation> waiting = new(StringComparer.Ordinal);
    private Position granting;
    private readonly HashSet<string> granted = new(StringComparer.Ordinal);
    private readonly List<(string By, ObservedOutcome Outcome)> preempted = [];
    private ObservedOutcome? last;
    private long? deficit = pool.StartsAtFirst ? 0 : null;
    private int policyVersion;
    private long epoch;

    /// <summary>Units granted beyond what the numbers allow, by the last outcome.</summary>
    public long Beyond { get; private set; }

    /// <summary>
    /// Whether held units may expire before their time: a deficit is published, and the decision names its row.
    /// </summary>
    public bool MayExpireEarly(ObservedOutcome outcome) =>
        deficit is not 0 && outcome.Steps.Any(s => s is { Rule: "Deficits", Row.Length: > 0 });

    /// <summary>Checks an outcome before the pool folds it.</summary>
    public void Check(ObservedOutcome outcome, long grantedUnits)
    {
        if (outcome.Source != granting)
        {
            Close();
            granting = outcome.Source;
        }
        CheckEpoch(outcome);
        if (outcome.Answer is AnswerKind.Duplicate)
        {
            return;
        }
        Beyond = 0;
        if (grantedUnits > 0)
        {
            CheckGrant(outcome, grantedUnits);
        }
        else if (outcome.Event == Events.Reassigned)
        {
            // A new customer that takes back what it lent gets units that are held already.
            granted.UnionWith(outcome.Reservations.Select(r => r.Id));
        }
        CheckQuotas(outcome);
        CheckCharges(outcome);
        CheckLine(outcome);
        if (outcome.PreemptedBy is { } by)
        {
            CheckPreemption(outcome, by.ReservationId, by.Class);
        }
        foreach (var (id, endsAt) in outcome.Cooldowns)
        {
            cooldowns[id] = endsAt;
        }
        if (outcome.Event == Events.OverCommitted)
        {
            CheckDeficit(outcome);
        }
        last = outcome;
    }

    /// <summary>Checks what only the end of a record's outcomes shows.</summary>
    public void Close()
    {
        foreach (var (by, outcome) in preempted)
        {
            if (!granted.Contains(by))
            {
                report(FindingKind.PreemptionBroken, outcome,
                    $"{outcome.Subject} lost {outcome.Quantity} to {by}, which was granted nothing");
            }
        }
        preempted.Clear();
        granted.Clear();
        // Under the shipped policy nothing is overbooked: what is missing is the deficit.
        var missing = Math.Max(0, -pool.Balances.Free);
        if (last is { PolicyVersion: 0 } && pool.StartsAtFirst && missing != deficit)
        {
            report(FindingKind.DeficitUnpublished, last,
                $"free is {pool.Balances.Free}, the published deficit {deficit}");
            deficit = missing;
        }
        last = null;
    }

    private void CheckEpoch(ObservedOutcome outcome)
    {
        if (outcome.PolicyVersion < policyVersion)
        {
            report(FindingKind.PolicyWentBack, outcome,
                $"decided under policy {outcome.PolicyVersion} after policy {policyVersion}");
        }
        policyVersion = Math.Max(policyVersion, outcome.PolicyVersion);
        if (outcome.PoolId.StartsWith('$'))
        {
            // A partition answers for pools of many slices; AuthorityCheck looks at each.
            return;
        }
        if (outcome.Epoch < epoch)
        {
            report(FindingKind.EpochWentBack, outcome, $"carries epoch {outcome.Epoch} after epoch {epoch}");
        }
        epoch = Math.Max(epoch, outcome.Epoch);
    }

    private void CheckGrant(ObservedOutcome outcome, long quantity)
    {
        foreach (var reservation in outcome.Reservations)
        {
            granted.Add(reservation.Id);
        }
        var steps = outcome.Steps.Where(s => s is { Rule: "Availability", HasPassed: true }).ToList();
        var overbooking = steps.Max(s => s["Overbooking"]) ?? 0;
        var freed = outcome.Steps.Max(s => s["FreedByPreemption"]) ?? 0;
        foreach (var step in steps)
        {
            var expected = (step["Free"] ?? outcome.Before.Free) + (step["Overbooking"] ?? 0)
                - (step["Protected"] ?? 0);
            if (steps.Count == 1 && freed == 0
                && (step["Available"] != expected || (step["Free"] ?? outcome.Before.Free) != outcome.Before.Free))
            {
                report(FindingKind.TraceBroken, outcome,
                    $"says {step["Available"]} were available; {outcome.Before.Free} were free, "
                    + $"{step["Overbooking"] ?? 0} could be overbooked and {step["Protected"] ?? 0} were kept for "
                    + "higher classes");
            }
        }
        // With one check the trace's own numbers bound the grant; with several, the greatest overbooking does.
        var kept = steps.Count == 1 ? steps[0]["Protected"] ?? 0 : 0;
        var available = Math.Max(0, outcome.Before.Free + overbooking - kept + freed);
        if (quantity > available)
        {
            Beyond = quantity - available;
            report(FindingKind.Oversold, outcome, $"grants {quantity} with {available} available");
        }
        if (deficit > 0 && freed == 0)
        {
            report(FindingKind.GrantInDeficit, outcome, $"grants {quantity} while the deficit is {deficit}");
        }
    }

    private void CheckQuotas(ObservedOutcome outcome)
    {
        if (outcome.Event == Events.Reassigned
            && outcome.Steps.FirstOrDefault(s => s is { Rule: "Quota", HasPassed: false }) is { } full)
        {
            report(FindingKind.QuotaBroken, outcome, $"changes the owner although {full.Row} had no room");
        }
        foreach (var step in outcome.Steps.Where(s => s is { Rule: "Quota", HasPassed: true }))
        {
            var most = step["Limit"] ?? long.MaxValue;
            var used = step["Used"] ?? 0;
            if (used < 0 || used + (step["Requested"] ?? 0) > most
                || most > (step["Nominal"] ?? most) + (step["BorrowingLimit"] ?? 0))
            {
                report(FindingKind.QuotaBroken, outcome,
                    $"{step.Row}: {used} used and {step["Requested"]} granted, the limit is {most}");
            }
        }
    }

    // What is charged is what the reservations changed by, whatever rule charged it.
    private void CheckCharges(ObservedOutcome outcome)
    {
        var expected = new SortedDictionary<string, (long Open, long Consumed)>(StringComparer.Ordinal);
        foreach (var after in outcome.Reservations)
        {
            Add(after, 1);
            if (pool.Find(after.Id, outcome.TimeMs) is { } before)
            {
                Add(before, -1);
            }
            else if (!pool.StartsAtFirst)
            {
                // What it was before may lie before the journal begins.
                return;
            }
        }
        var charged = outcome.Charges.ToDictionary(c => c.Scope, c => (c.Open, c.Consumed), StringComparer.Ordinal);
        foreach (var (scope, delta) in expected.Where(e => e.Value != default))
        {
            if (charged.GetValueOrDefault(scope) != delta)
            {
                report(FindingKind.ChargeMismatch, outcome,
                    $"{scope} changes by {delta}; the outcome charges {charged.GetValueOrDefault(scope)}");
            }
        }
        foreach (var (scope, delta) in charged)
        {
            if (delta != default && expected.GetValueOrDefault(scope) == default)
            {
                report(FindingKind.ChargeMismatch, outcome, $"charges {scope} {delta}; no reservation of it changed");
            }
            var before = usage.GetValueOrDefault(scope);
            var now = (Open: before.Open + delta.Open, Consumed: before.Consumed + delta.Consumed);
            if (pool.StartsAtFirst && (now.Open < 0 || now.Consumed < 0))
            {
                report(FindingKind.QuotaBroken, outcome,
                    $"usage of {scope} is {now.Open} open, {now.Consumed} consumed");
            }
            if (now == default)
            {
                usage.Remove(scope);
            }
            else
            {
                usage[scope] = now;
            }
        }

        void Add(ObservedReservation r, int sign)
        {
            foreach (var scope in r.Scopes)
            {
                var sum = expected.GetValueOrDefault(scope);
                expected[scope] = (sum.Open + (sign * (r.Held + r.Confirmed)),
                    sum.Consumed + (sign * (r.Consumed - r.Returned)));
            }
        }
    }

    private void CheckLine(ObservedOutcome outcome)
    {
        if (outcome is { Event: Events.Promoted, Subject: { } id })
        {
            var mine = waiting.GetValueOrDefault(id);
            if (mine is null && !pool.StartsAtFirst)
            {
                // It may have waited since before the journal begins.
            }
            else if (mine is null || mine.Waiting != outcome.Quantity)
            {
                report(FindingKind.WaiterBroken, outcome,
                    $"{id} is promoted with {outcome.Quantity}; it waited for {mine?.Waiting ?? 0}");
            }
            else if (waiting.Values.FirstOrDefault(w => IsPassed(w, mine)) is { } ahead)
            {
                report(FindingKind.WaiterBroken, outcome,
                    $"{id} is promoted before {ahead.Id}, which waits for {ahead.Waiting} at an earlier place and "
                    + "counts against the same quotas");
            }
        }
        foreach (var after in outcome.Reservations)
        {
            if (after.Waiting < 0)
            {
                report(FindingKind.WaiterBroken, outcome, $"{after.Id} waits for {after.Waiting}");
            }
            if (after.Waiting > 0)
            {
                waiting[after.Id] = after;
            }
            else
            {
                waiting.Remove(after.Id);
            }
        }
    }

    // Whatever the order of the list: one that is earlier, asks for no more and differs in nothing else comes first.
    private static bool IsPassed(ObservedReservation other, ObservedReservation mine) =>
        other.Id != mine.Id && other.Place.CompareTo(mine.Place) < 0 && other.Waiting <= mine.Waiting
        && other.Class == mine.Class && other.Scopes.SequenceEqual(mine.Scopes);

    private void CheckPreemption(ObservedOutcome outcome, string by, string byClass)
    {
        preempted.Add((by, outcome));
        var victim = outcome.Subject is { } id ? pool.Find(id, outcome.TimeMs) : null;
        var after = outcome.Reservations.FirstOrDefault(r => r.Id == outcome.Subject);
        if (victim is null && !pool.StartsAtFirst)
        {
            return;
        }
        if (victim is null || after is null || after.Preempted - victim.Preempted != outcome.Quantity)
        {
            report(FindingKind.PreemptionBroken, outcome,
                $"{outcome.Subject} loses {(after?.Preempted ?? 0) - (victim?.Preempted ?? 0)}, the event says "
                + $"{outcome.Quantity}");
        }
        else if (after.Held > 0)
        {
            report(FindingKind.PreemptionBroken, outcome,
                $"{victim.Id} keeps {after.Held} held: a victim loses them all");
        }
        // Who takes back what it lent may be of any class, and has no cool-down.
        var isReclaim = outcome.Steps.Any(s => s is { Rule: "Preemption" } && s["Lendable"] is not null);
        if (victim is not null && ((victim.Class == byClass && !isReclaim) || victim.Id == by))
        {
            report(FindingKind.PreemptionBroken, outcome, $"{by} ({byClass}) takes from {victim.Id} ({victim.Class})");
        }
        if (!isReclaim && cooldowns.TryGetValue(byClass, out var endsAt) && outcome.TimeMs < endsAt
            && !granted.Contains(by))
        {
            report(FindingKind.CooldownBroken, outcome,
                $"{byClass} preempts at {outcome.TimeMs}; its cool-down ends at {endsAt}");
        }
    }

    private void CheckDeficit(ObservedOutcome outcome)
    {
        if (outcome.Quantity == deficit || outcome.Quantity < 0
            || outcome.Quantity > Math.Max(0, -outcome.Before.Free))
        {
            report(FindingKind.DeficitUnpublished, outcome,
                $"publishes a deficit of {outcome.Quantity} after {deficit}; free is {outcome.Before.Free}");
        }
        deficit = outcome.Quantity;
    }
}
