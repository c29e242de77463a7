namespace Alloc.Verify;

/// <summary>
/// Compares what an original outcome does with what its command asked, from the pool as the checker knows it just
/// before. Only the plain cases are predicted; the rest is left to the balances and vectors.
/// </summary>
internal static class EffectCheck
{
    public static void Check(ObservedCommand command, ObservedOutcome outcome, PoolModel pool, Findings findings)
    {
        if (outcome.Answer != AnswerKind.Original)
        {
            return;
        }
        var problem = (command.Ask, outcome.Event) switch
        {
            (Ask.Hold, Events.Held) => Held(command, outcome),
            (Ask.Hold, Events.Rejected) => Refused(command, outcome, findings),
            (Ask.Confirm, Events.Confirmed) => Confirmed(command, outcome, pool),
            (Ask.Release, Events.Released) => Released(command, outcome, pool),
            (Ask.Consume, Events.Consumed) => Consumed(command, outcome, pool),
            (Ask.Return, Events.Returned) => Returned(command, outcome, pool),
            (Ask.Amend, Events.Amended) => Amended(command, outcome),
            (Ask.Import, Events.Imported) => Imported(command, outcome),
            (Ask.Reassign, Events.Reassigned) when outcome.Postings.Count > 0 => "a change of owner moves units",
            (Ask.Confirm, Events.NoOp) when outcome.Postings.Count > 0 => "what is confirmed already moves units",
            (_, Events.Rejected) when outcome.Postings.Count > 0 => "a rejection moves units",
            _ => null,
        };
        if (problem is not null)
        {
            findings.Add(
                FindingKind.WrongEffect, outcome.PoolId, outcome.At, $"command '{command.CommandId}': {problem}");
        }
    }

    private static string? Held(ObservedCommand command, ObservedOutcome outcome)
    {
        var granted = Moved(outcome, Account.Held);
        if (command.IsAllOrNothing && granted != command.Quantity)
        {
            return $"asked for {command.Quantity} or nothing, was granted {granted}";
        }
        if (granted < 1 || granted > command.Quantity)
        {
            return $"asked for {command.Quantity}, was granted {granted}";
        }
        foreach (var (id, quantity) in command.Lines)
        {
            var held = outcome.Reservations.FirstOrDefault(r => r.Id == id)?.Held ?? 0;
            if (held > quantity || (command.IsAllOrNothing && held != quantity))
            {
                return $"line {id} asked for {quantity}, holds {held}";
            }
        }
        return null;
    }

    private static string? Refused(ObservedCommand command, ObservedOutcome outcome, Findings findings)
    {
        if (outcome.Reasons.Contains(Events.InsufficientAvailability)
            && outcome.Reasons.Count == 1 && command.IsAllOrNothing
            && command.Quantity <= (outcome.Steps.FirstOrDefault(s => s.Rule == "Availability")?["Available"]
                ?? outcome.Before.Free))
        {
            findings.Add(FindingKind.UnjustRejection, outcome.PoolId, outcome.At,
                $"command '{command.CommandId}' asked for {command.Quantity} and was refused with "
                + $"{outcome.Before.Free} free");
        }
        return outcome.Postings.Count > 0 ? "a rejection moves units" : null;
    }

    private static string? Confirmed(ObservedCommand command, ObservedOutcome outcome, PoolModel pool)
    {
        if (Sides(command, outcome, pool) is not var (before, after))
        {
            return pool.StartsAtFirst ? "confirms a reservation that is unknown" : null;
        }
        var moved = after.Confirmed - before.Confirmed;
        // Only what expiry or preemption took may come back; what was released may not.
        var again = -Moved(outcome, Account.Free);
        if (again > before.Expired + before.Preempted)
        {
            return $"takes {again} back; expiry and preemption took {before.Expired + before.Preempted}";
        }
        // A quantity is the total confirmed or consumed afterwards; without one, all that is held is confirmed, and
        // where nothing is, all that comes back.
        var need = command.Quantity is { } total ? Math.Max(0, total - before.Confirmed - before.Consumed)
            : before.Held > 0 ? before.Held : again;
        return moved == need ? null : $"needs {need} more confirmed, got {moved}";
    }

    private static string? Released(ObservedCommand command, ObservedOutcome outcome, PoolModel pool)
    {
        if (Sides(command, outcome, pool) is not var (before, after))
        {
            return null;
        }
        var moved = after.Released - before.Released;
        var taken = before.Held - after.Held + before.Confirmed - after.Confirmed;
        var waited = before.Waiting - after.Waiting;
        var isTakenBack = before.IsGroupCommitted
            && outcome.Steps.Any(s => s is { Rule: "Revocable", Row: "GroupAborted", HasPassed: true });
        return isTakenBack ? "takes back what its group committed"
            : moved != taken ? $"released {moved} but took {taken} from the reservation"
            : waited > 0 && command.Quantity is { } quantity && quantity != waited
            ? $"asked to release {quantity} of those it waits for, waits for {waited} fewer"
            : command.Quantity < moved ? $"asked to release {command.Quantity}, released {moved}"
            : null;
    }

    private static string? Consumed(ObservedCommand command, ObservedOutcome outcome, PoolModel pool)
    {
        if (Sides(command, outcome, pool) is not var (before, after))
        {
            return null;
        }
        var moved = after.Consumed - before.Consumed;
        return moved > command.Quantity ? $"asked to consume {command.Quantity}, consumed {moved}" : null;
    }

    private static string? Amended(ObservedCommand command, ObservedOutcome outcome)
    {
        var after = outcome.Reservations.FirstOrDefault(r => r.Id == command.Lines[0].ReservationId);
        var has = after is null ? 0 : after.Held + after.Confirmed + after.Waiting;
        return has == command.Quantity ? null : $"asked for {command.Quantity} held and confirmed, has {has}";
    }

    private static string? Imported(ObservedCommand command, ObservedOutcome outcome)
    {
        var (id, held) = command.Lines[0];
        var after = outcome.Reservations.FirstOrDefault(r => r.Id == id);
        return after?.Held == held && after.Held + after.Confirmed == command.Quantity
            ? null
            : $"asked for {held} held of {command.Quantity}, has {after?.Held} held and {after?.Confirmed} confirmed";
    }

    private static string? Returned(ObservedCommand command, ObservedOutcome outcome, PoolModel pool)
    {
        if (Sides(command, outcome, pool) is not var (before, after))
        {
            return null;
        }
        var moved = after.Returned - before.Returned;
        return moved > command.Quantity ? $"asked to return {command.Quantity}, returned {moved}" : null;
    }

    private static (ObservedReservation Before, ObservedReservation After)? Sides(
        ObservedCommand command, ObservedOutcome outcome, PoolModel pool)
    {
        var id = command.Lines.Count == 1 ? command.Lines[0].ReservationId : null;
        var before = id is null ? null : pool.Find(id, outcome.TimeMs);
        var after = id is null ? null : outcome.Reservations.FirstOrDefault(r => r.Id == id);
        return before is null || after is null ? null : (before, after);
    }

    private static long Moved(ObservedOutcome outcome, Account account) =>
        outcome.Postings.Where(p => p.Account == account).Sum(p => p.Delta);
}
