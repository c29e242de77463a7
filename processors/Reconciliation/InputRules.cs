using System.Globalization;
using Alloc.Engine.Processing;

namespace Alloc.Processors.Reconciliation;

/// <summary>What ids and lists of records from outside must be.</summary>
internal static class InputRules
{
    public const int IdLength = 256;
    private const int ShownLength = 64;

    /// <exception cref="BadRecordException">It is no id.</exception>
    public static void CheckId(string what, string id, int maximum = IdLength)
    {
        if (id.Length == 0 || id.Length > maximum || id.AsSpan().ContainsAnyInRange('\u0000', '\u001F'))
        {
            throw new BadRecordException(string.Create(
                CultureInfo.InvariantCulture,
                $"{what} '{Short(id)}' is no id of 1 to {maximum} characters without control characters"));
        }
    }

    /// <exception cref="BadRecordException">The record has no key, another one, or one that is reserved.</exception>
    public static void CheckKey(string what, string? key, string id)
    {
        if (key is null)
        {
            throw new BadRecordException($"it has no key; the key is the {what}") { Kind = BadRecordKind.Incomplete };
        }
        CheckId(what, id);
        if (key != id)
        {
            throw new BadRecordException($"its key is '{Short(key)}' and its {what} '{Short(id)}'");
        }
        if (id[0] == '$')
        {
            throw new BadRecordException($"{what} '{Short(id)}' begins with $, which is reserved");
        }
    }

    /// <exception cref="BadRecordException">It is out of its range.</exception>
    public static void CheckNumber(string what, long value, long minimum, long maximum = long.MaxValue)
    {
        if (value < minimum || value > maximum)
        {
            throw new BadRecordException(string.Create(
                CultureInfo.InvariantCulture,
                $"{what} {value} is not {(maximum == long.MaxValue ? $"at least {minimum}"
                    : $"between {minimum} and {maximum}")}"));
        }
    }

    /// <summary>A text as it can be shown.</summary>
    public static string Short(string text) => text.Length <= ShownLength ? text : text[..ShownLength] + "…";
}
