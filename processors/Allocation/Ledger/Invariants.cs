using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// What must hold of every outcome, checked before it takes effect. A violation stops the task; nothing is clamped.
/// </summary>
public static class Invariants
{
    /// <exception cref="LedgerFaultException">Something does not hold.</exception>
    public static void Check(AllocationOutcome outcome)
    {
        var after = outcome.BalancesAfter;
        if (checked(after.External + after.Free + after.Held + after.Confirmed + after.Consumed + after.Blocked) != 0)
        {
            throw Fault(outcome, "the balances do not sum to zero");
        }
        if (after.Held < 0 || after.Confirmed < 0 || after.Blocked < 0)
        {
            throw Fault(outcome, "HELD, CONFIRMED or BLOCKED is negative");
        }
        CheckEntries(outcome);
        for (var index = 0; index < outcome.After.Count; index++)
        {
            CheckReservation(outcome, outcome.After[index]);
        }
    }

    private static void CheckEntries(AllocationOutcome outcome)
    {
        long free = 0;
        long held = 0;
        long confirmed = 0;
        long granted = 0;
        for (var index = 0; index < outcome.Entries.Count; index++)
        {
            var entry = outcome.Entries[index];
            if (entry.Quantity < 1)
            {
                throw Fault(outcome, "an entry is not positive");
            }
            free += Moved(entry, Account.Free);
            held += Moved(entry, Account.Held);
            confirmed += Moved(entry, Account.Confirmed);
            granted += entry is { Kind: EntryKind.Held, From: Account.Free } ? entry.Quantity : 0;
        }
        var before = outcome.BalancesBefore;
        var after = outcome.BalancesAfter;
        if (before.Free + free != after.Free || before.Held + held != after.Held
            || before.Confirmed + confirmed != after.Confirmed)
        {
            throw Fault(outcome, "the balances after are not those before plus the entries");
        }
        if (granted > 0 && outcome.Event is not AllocationOutcomeEvent.Imported)
        {
            CheckGrant(outcome, granted);
        }
    }

    // What was found available bounds the grant, and follows from what was free.
    private static void CheckGrant(AllocationOutcome outcome, long granted)
    {
        long found = 0;
        long overbooking = 0;
        var checks = 0;
        for (var index = 0; index < outcome.Decision.Count; index++)
        {
            var step = outcome.Decision[index];
            if (step is { Rule: DecisionRule.Availability, Result: RuleResult.Passed })
            {
                checks++;
                found = NumberOf(step, NumberName.Available) ?? 0;
                overbooking = Math.Max(overbooking, NumberOf(step, NumberName.Overbooking) ?? 0);
                CheckClaim(outcome, step, found, checks);
            }
        }
        var before = outcome.BalancesBefore.Free;
        if (granted > (Int128)before + overbooking || checks == 0 || (checks == 1 && granted > found))
        {
            throw Fault(
                outcome, $"{granted} units were granted, but {before} were free and {overbooking} may be overbooked");
        }
    }

    private static void CheckClaim(AllocationOutcome outcome, DecisionStep step, long available, int checks)
    {
        var free = NumberOf(step, NumberName.Free) ?? outcome.BalancesBefore.Free;
        var expected = new Availability(
            free, NumberOf(step, NumberName.Overbooking) ?? 0, NumberOf(step, NumberName.Protected) ?? 0).Available;
        if (available != expected || (checks == 1 && free != outcome.BalancesBefore.Free))
        {
            throw Fault(outcome, $"{available} units were said to be available, but {expected} are");
        }
    }

    private static long? NumberOf(DecisionStep step, NumberName name)
    {
        for (var index = 0; index < step.Numbers.Count; index++)
        {
            if (step.Numbers[index].Name == name)
            {
                return step.Numbers[index].Value;
            }
        }
        return null;
    }

    private static void CheckReservation(AllocationOutcome outcome, Reservation r)
    {
        var sum = checked(r.Held + r.Confirmed + r.Consumed + r.Released + r.Expired + r.Preempted);
        if (r.Granted != sum)
        {
            throw Fault(outcome, $"{r.ReservationId} was granted {r.Granted}, but its parts are {sum}");
        }
        if (r.Held < 0 || r.Confirmed < 0 || r.Returned > r.Consumed || r.Orphaned < 0 || r.Lapsed < 0)
        {
            throw Fault(outcome, $"{r.ReservationId} has a negative part, or more was returned than consumed");
        }
        if (r.Held > 0 != r.ExpiresAtMs is not null)
        {
            throw Fault(outcome, $"{r.ReservationId} holds {r.Held} units, but its expiry says otherwise");
        }
    }

    private static long Moved(LedgerEntry entry, Account account) =>
        (entry.To == account ? entry.Quantity : 0) - (entry.From == account ? entry.Quantity : 0);

    private static LedgerFaultException Fault(AllocationOutcome outcome, string what) =>
        new($"Outcome {OutcomeIds.Of(outcome)}: {what}.");
}
