using Alloc.Engine.Processing;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Processors.Records;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>What a difference must be: lengths are bounded, for it is kept and listed.</summary>
internal static class DifferenceRules
{
    private const int MaximumChoices = 16;
    private const int MaximumNumbers = 64;

    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string? key, Difference said)
    {
        RecordRules.CheckKey(key, said.MismatchId, "mismatchId", MismatchIds.MaximumLength);
        switch (said.Kind)
        {
            case DifferenceKind.Stands:
                CheckStands(said);
                break;
            case DifferenceKind.Ended:
                RecordRules.CheckText("ended", said.Ended, TextBounds.Words);
                break;
            case DifferenceKind.Answered when said.Answer is { } answer:
                RecordRules.CheckId("outcomeId", answer.OutcomeId, TextBounds.OutcomeId);
                RecordRules.CheckId("event", answer.Event, TextBounds.ShortId);
                RecordRules.CheckTexts("reasons", answer.Reasons, MaximumChoices, TextBounds.Words);
                break;
            case DifferenceKind.Answered:
                throw new BadRecordException("it is Answered and has no answer") { Kind = BadRecordKind.Incomplete };
            default:
                throw new BadRecordException("its kind is one that this version does not know")
                {
                    Kind = BadRecordKind.Unknown,
                };
        }
    }

    /// <summary>The class of a difference that stands.</summary>
    /// <exception cref="BadRecordException">There is no such class.</exception>
    public static MismatchClass ClassOf(string text) =>
        Enum.TryParse<MismatchClass>(text, out var mismatch) && mismatch.ToString() == text
            ? mismatch
            : throw new BadRecordException($"its class '{ShownText.Short(text)}' is none that this version knows")
            {
                Kind = BadRecordKind.Unknown,
            };

    private static void CheckStands(Difference said)
    {
        ClassOf(said.Class);
        if (said is not { Scope: { } scope, Left: { } left, Right: { } right })
        {
            throw new BadRecordException("it stands and has no scope, or not both sides")
            {
                Kind = BadRecordKind.Incomplete,
            };
        }
        RecordRules.CheckId("scope.kind", scope.Kind, TextBounds.ShortId);
        RecordRules.CheckId("scope.id", scope.Id, TextBounds.CompoundId);
        RecordRules.CheckOptionalId("scope.poolId", scope.PoolId);
        RecordRules.CheckOptionalId("scope.orderRef", scope.OrderRef);
        RecordRules.CheckOptionalId("owner", said.Owner, TextBounds.ShortId);
        RecordRules.CheckText("episode", said.Episode, TextBounds.Words);
        RecordRules.CheckText("toleranceRule", said.ToleranceRule, TextBounds.Words);
        RecordRules.CheckText("noRepairWhy", said.NoRepairWhy, TextBounds.Words);
        RecordRules.CheckTexts("choices", said.Choices, MaximumChoices, TextBounds.CommandLine);
        RecordRules.CheckCount(
            "characters in choices together", said.Choices.Sum(c => c.Length), TextBounds.Together / 2);
        CheckSide("left", left);
        CheckSide("right", right);
        if (said.Lag is { } lag)
        {
            RecordRules.CheckNumber("lag.p99Ms", lag.P99Ms, 0);
            RecordRules.CheckNumber("lag.pairs", lag.Pairs, 0);
            RecordRules.CheckNumber("lag.graceMs", lag.GraceMs, 0);
        }
        if (said.Repair is { } repair)
        {
            CheckRepair(repair);
        }
    }

    // What its kind needs is looked at where it is offered; here only that nothing is endless.
    private static void CheckRepair(RepairFacts repair)
    {
        RecordRules.CheckText("repair.poolId", repair.PoolId, TextBounds.Id);
        RecordRules.CheckText("repair.reservationId", repair.ReservationId, TextBounds.Id);
        RecordRules.CheckText("repair.source", repair.Source, TextBounds.Id);
        RecordRules.CheckText("repair.movementId", repair.MovementId, TextBounds.Id);
        RecordRules.CheckText("repair.service", repair.Service, TextBounds.Id);
        RecordRules.CheckText("repair.outcomeId", repair.OutcomeId, TextBounds.OutcomeId);
        RecordRules.CheckCount("bytes in repair.payload", repair.Payload?.Length ?? 0, TextBounds.PayloadBytes);
    }

    private static void CheckSide(string which, MismatchSide side)
    {
        // A source of supply says it under its own name.
        RecordRules.CheckId($"{which}.name", side.Name);
        RecordRules.CheckText($"{which}.says", side.Says, TextBounds.Words);
        RecordRules.CheckText($"{which}.position", side.Position, TextBounds.Words);
        RecordRules.CheckCount($"numbers of {which}", side.Numbers.Count, MaximumNumbers);
        foreach (var number in side.Numbers)
        {
            RecordRules.CheckId($"a number of {which}", number.Name, TextBounds.ShortId);
        }
    }
}
