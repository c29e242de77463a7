using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>What a difference must be: lengths are bounded, for it is kept and listed.</summary>
internal static class DifferenceRules
{
    // rc/<mismatchId>/<attempt>/approve is an id of the ledger, too.
    private const int MismatchIdLength = 200;
    private const int MaximumChoices = 16;
    private const int MaximumNumbers = 64;

    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string? key, Difference said)
    {
        RecordTexts.CheckKey(key, said.MismatchId, "mismatchId");
        RecordTexts.CheckText("mismatchId", said.MismatchId, MismatchIdLength);
        switch (said.Kind)
        {
            case DifferenceKind.Stands:
                CheckStands(said);
                break;
            case DifferenceKind.Ended:
                RecordTexts.CheckText("ended", said.Ended, RecordTexts.WordsLength);
                break;
            case DifferenceKind.Answered when said.Answer is { } answer:
                RecordTexts.CheckId("outcomeId", answer.OutcomeId);
                RecordTexts.CheckId("event", answer.Event);
                RecordTexts.CheckTexts("reasons", answer.Reasons, MaximumChoices);
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
            : throw new BadRecordException($"its class '{RecordTexts.Short(text)}' is none that this version knows")
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
        RecordTexts.CheckId("scope.kind", scope.Kind);
        RecordTexts.CheckId("scope.id", scope.Id, 2 * RecordTexts.IdLength + 1);
        RecordTexts.CheckOptionalId("scope.poolId", scope.PoolId);
        RecordTexts.CheckOptionalId("scope.orderRef", scope.OrderRef);
        RecordTexts.CheckOptionalId("owner", said.Owner);
        RecordTexts.CheckText("episode", said.Episode, RecordTexts.WordsLength);
        RecordTexts.CheckText("toleranceRule", said.ToleranceRule, RecordTexts.WordsLength);
        RecordTexts.CheckText("noRepairWhy", said.NoRepairWhy, RecordTexts.WordsLength);
        RecordTexts.CheckTexts("choices", said.Choices, MaximumChoices);
        CheckSide("left", left);
        CheckSide("right", right);
    }

    private static void CheckSide(string which, MismatchSide side)
    {
        RecordTexts.CheckId($"{which}.name", side.Name);
        RecordTexts.CheckText($"{which}.says", side.Says, RecordTexts.WordsLength);
        RecordTexts.CheckText($"{which}.position", side.Position, RecordTexts.WordsLength);
        RecordTexts.CheckCount($"numbers of {which}", side.Numbers.Count, MaximumNumbers);
        foreach (var number in side.Numbers)
        {
            RecordTexts.CheckId($"a number of {which}", number.Name);
        }
    }
}

/// <summary>Bounds of texts that come from outside.</summary>
internal static class RecordTexts
{
    /// <summary>Longest id, in characters.</summary>
    public const int IdLength = 256;

    /// <summary>Longest words, in characters.</summary>
    public const int WordsLength = 1_024;

    private const int ShortLength = 64;

    /// <exception cref="BadRecordException">The key is another one, or no id.</exception>
    public static void CheckKey(string? key, string id, string field)
    {
        CheckId(field, id);
        if (key != id)
        {
            throw new BadRecordException($"its key is '{Short(key ?? "")}' and its {field} '{Short(id)}'");
        }
    }

    /// <exception cref="BadRecordException">It is no id.</exception>
    public static void CheckId(string field, string id, int maximumLength = IdLength)
    {
        if (FieldRules.IdFault(id, maximumLength) is { } fault)
        {
            throw new BadRecordException($"{field} '{Short(id)}' {fault}");
        }
    }

    /// <exception cref="BadRecordException">It is there, and no id.</exception>
    public static void CheckOptionalId(string field, string? id)
    {
        if (id is not null)
        {
            CheckId(field, id);
        }
    }

    /// <exception cref="BadRecordException">It is too long.</exception>
    public static void CheckText(string field, string? text, int maximumLength) =>
        CheckCount($"characters in {field}", text?.Length ?? 0, maximumLength);

    /// <exception cref="BadRecordException">They are too many, or one is too long.</exception>
    public static void CheckTexts(string field, IReadOnlyList<string> texts, int maximumCount)
    {
        CheckCount(field, texts.Count, maximumCount);
        foreach (var text in texts)
        {
            CheckText(field, text, WordsLength);
        }
    }

    /// <exception cref="BadRecordException">It is more.</exception>
    public static void CheckCount(string what, int count, int maximum)
    {
        if (count > maximum)
        {
            throw new BadRecordException(FormattableString.Invariant($"it has {count} {what}, more than {maximum}"));
        }
    }

    /// <summary>The beginning of a text, for messages.</summary>
    public static string Short(string text) => text.Length <= ShortLength ? text : text[..ShortLength] + "…";
}
