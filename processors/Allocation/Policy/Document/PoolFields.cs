using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Fields of documents that name pools.</summary>
internal static class PoolFields
{
    /// <summary>One pattern.</summary>
    public static PoolPattern Pools(this FieldReader fields, string name) => new(fields.Checked(name, Wrongs));

    /// <summary>Patterns that are all different; an absent list is empty.</summary>
    public static ValueList<PoolPattern> PoolList(this FieldReader fields, string name, int maximum) =>
        new([.. fields.OptionalTexts(name, maximum, Wrongs).Select(text => new PoolPattern(text))]);

    private static IEnumerable<(string What, string Remedy)> Wrongs(string text)
    {
        var star = text.IndexOf('*', StringComparison.Ordinal);
        if (star >= 0 && star < text.Length - 1)
        {
            yield return ("has a * that is not its end",
                "Write one pool's id, or the beginning of several and a * (seats-*).");
        }
        if (text.StartsWith('$'))
        {
            yield return ("is reserved", "No pool's id begins with $; write another.");
        }
    }
}
