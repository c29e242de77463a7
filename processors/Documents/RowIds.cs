using Alloc.Processors.Records;

namespace Alloc.Processors.Documents;

/// <summary>Fields of documents that hold a name: it becomes a key and a label.</summary>
internal static class RowIds
{
    /// <summary>A name.</summary>
    public static string Id(this FieldReader fields, string name) => fields.Checked(name, Wrongs);

    /// <summary>What is wrong with a name, as the rest of a sentence, and what to do.</summary>
    public static IEnumerable<(string What, string Remedy)> Wrongs(string text)
    {
        if (text.StartsWith('$'))
        {
            yield return ("is reserved", "Names that begin with $ are for control records; write another.");
        }
        else if (text.Length > TextBounds.Name)
        {
            yield return ($"has {text.Length} characters", $"Write 1 to {TextBounds.Name} characters.");
        }
        else if (text.Length > 0 && (!char.IsAsciiLetterOrDigit(text[0])
            || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/')))
        {
            yield return ("is no name", "Write letters, digits, and . _ - / between them, for instance fraud-slow.");
        }
    }

    /// <summary>Names every row whose id an earlier row of its table has.</summary>
    public static void CheckUnique<TRow>(List<Located<TRow>> rows, Func<TRow, string> id)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (row, place) in rows)
        {
            if (!seen.TryAdd(id(row), place.Node.Line))
            {
                place.Error("id", $"The id '{id(row)}' is that of the row in line {seen[id(row)]} too.",
                    "Give each row of a table an id of its own.");
            }
        }
    }
}
