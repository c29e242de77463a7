using System.Globalization;
using Alloc.Engine.Processing;

namespace Alloc.Processors.Records;

/// <summary>
/// What fields of records from outside must be; what is not is a dead letter that names the field, what it has and
/// what it may have. The bounds are those of <see cref="TextBounds"/>.
/// </summary>
internal static class RecordRules
{
    /// <exception cref="BadRecordException">It is no id.</exception>
    public static void CheckId(string field, string id, int maximumLength = TextBounds.Id) =>
        Throw(field, id, IdRules.Fault(id, maximumLength));

    /// <exception cref="BadRecordException">It is there, and no id.</exception>
    public static void CheckOptionalId(string field, string? id, int maximumLength = TextBounds.Id)
    {
        if (id is not null)
        {
            CheckId(field, id, maximumLength);
        }
    }

    /// <exception cref="BadRecordException">It is no id of a pool.</exception>
    public static void CheckPoolId(string field, string id) =>
        Throw(field, id, IdRules.PoolFault(id, TextBounds.Id));

    /// <exception cref="BadRecordException">The field is no id, or the record has no key or another one.</exception>
    public static void CheckKey(string? key, string id, string field, int maximumLength = TextBounds.Id)
    {
        if (key is null)
        {
            throw new BadRecordException($"it has no key; the key is the {field}") { Kind = BadRecordKind.Incomplete };
        }
        CheckId(field, id, maximumLength);
        if (key != id)
        {
            throw new BadRecordException(
                $"its key is '{ShownText.Short(key)}' and its {field} '{ShownText.Short(id)}'");
        }
    }

    /// <exception cref="BadRecordException">It is too long.</exception>
    public static void CheckText(string field, string? text, int maximumLength) =>
        CheckCount($"characters in {field}", text?.Length ?? 0, maximumLength);

    /// <exception cref="BadRecordException">They are too many, or one is too long.</exception>
    public static void CheckTexts(string field, IReadOnlyList<string> texts, int maximumCount, int maximumLength)
    {
        CheckCount(field, texts.Count, maximumCount);
        foreach (var text in texts)
        {
            CheckText(field, text, maximumLength);
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

    /// <exception cref="BadRecordException">It is out of its range.</exception>
    public static void CheckNumber(string field, long value, long minimum, long maximum = long.MaxValue)
    {
        if (value < minimum || value > maximum)
        {
            throw new BadRecordException(string.Create(
                CultureInfo.InvariantCulture,
                $"{field} {value} is {(value < minimum ? $"below {minimum}" : $"above {maximum}")}"));
        }
    }

    private static void Throw(string field, string id, string? fault)
    {
        if (fault is not null)
        {
            throw new BadRecordException($"{field} '{ShownText.Short(id)}' {fault}");
        }
    }
}
