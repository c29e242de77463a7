namespace Alloc.Verify;

/// <summary>
/// What an operator mends stays within its bounds: accounts that are no promises, with another person's approval, and
/// only what is still as it was seen.
/// </summary>
internal static class RepairCheck
{
    /// <summary>Checks an outcome by itself: its entries and who approved it.</summary>
    public static void Check(ObservedOutcome outcome, Action<FindingKind, ObservedOutcome, string> report)
    {
        var adjusted = outcome.Postings.Where(p => p.Entry == Events.RepairAdjusted).ToList();
        foreach (var posting in adjusted)
        {
            if (posting.Account is Account.Held or Account.Confirmed or Account.Unknown)
            {
                report(FindingKind.RepairBroken, outcome,
                    $"a repair moves {posting.Delta} of {posting.Account}: what is promised changes by commands on "
                    + "reservations only");
            }
        }
        if (adjusted.Count > 0 && outcome.Event != Events.Repaired)
        {
            report(FindingKind.RepairBroken, outcome, $"{outcome.Event} has an entry of a repair");
        }
        var isRebase = outcome.Postings.Any(p => p.Entry == Events.SupplyRebased);
        if (outcome.Event == Events.Repaired && outcome.Answer == AnswerKind.Original
            && (adjusted.Count > 0 || isRebase)
            && (string.IsNullOrEmpty(outcome.Approver) || outcome.Approver == outcome.ActorId))
        {
            report(FindingKind.ApprovalMissing, outcome,
                $"{outcome.ActorId} repairs the balances; "
                + (string.IsNullOrEmpty(outcome.Approver) ? "nobody approved it" : "approved by the same"));
        }
    }

    // What happened, happened: no version refuses a physical fact.
    private static bool IsFact(Ask ask) => ask is Ask.Consume or Ask.Return;

    /// <summary>Checks an applied command against the state that it says it saw.</summary>
    public static void CheckExpected(
        ObservedCommand command, ObservedOutcome outcome, PoolModel pool,
        Action<FindingKind, ObservedOutcome, string> report)
    {
        if (outcome.Answer != AnswerKind.Original || outcome.Event is Events.Rejected or Events.NoOp)
        {
            return;
        }
        if (!IsFact(command.Ask) && command is { ExpectedVersion: { } expected, Lines: [var line] })
        {
            var known = pool.Find(line.ReservationId, outcome.TimeMs);
            var actual = known?.Version ?? 0;
            if (actual != expected && (known is not null || pool.StartsAtFirst))
            {
                report(FindingKind.WrongEffect, outcome,
                    $"command '{command.CommandId}' was for version {expected} of {line.ReservationId}, which has "
                    + $"version {actual}");
            }
        }
        if (command.ExpectedBalances is { } balances && balances != outcome.Before)
        {
            report(FindingKind.WrongEffect, outcome,
                $"command '{command.CommandId}' was for a pool with {balances}; it has {outcome.Before}");
        }
    }
}
