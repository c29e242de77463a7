namespace Alloc.Processors.Records;

/// <summary>What an id is, everywhere.</summary>
internal static class IdRules
{
    /// <summary>What is wrong with a text as an id, each fault in words of its own; null where nothing is.</summary>
    public static string? Fault(string text, int maximumLength) => text.Length == 0 ? "is empty"
        : text.Length > maximumLength ? $"is too long: {text.Length} characters, at most {maximumLength}"
        : text.AsSpan().IndexOfAnyInRange('\0', '\u001f') is >= 0 and var at
            ? $"has a control character, U+{(int)text[at]:X4}, as character {at + 1}"
        : null;

    /// <summary>The same of the id of a pool, which is not one of those that name a partition or all of them.</summary>
    public static string? PoolFault(string text, int maximumLength) => text.StartsWith('$')
        ? "begins with $: such names are reserved"
        : Fault(text, maximumLength);
}
