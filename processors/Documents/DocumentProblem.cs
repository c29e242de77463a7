namespace Alloc.Processors.Documents;

/// <summary>Something that a document's author should know, and where.</summary>
/// <param name="Line">Line, from 1; 0 where it concerns the document as a whole.</param>
/// <param name="Column">Column in characters, from 1; 0 where it concerns the document as a whole.</param>
/// <param name="Path">The field, for instance <c>ttl[2].maximum</c>; empty for the document as a whole.</param>
/// <param name="Value">The value found there; null where the place has none.</param>
/// <param name="Message">What is wrong, a sentence.</param>
/// <param name="Remedy">What to do, a sentence.</param>
public sealed record DocumentProblem(
    int Line, int Column, string Path, string? Value, string Message, string Remedy)
{
    /// <summary>What kind of document it is, in a word; says where no file's name is known.</summary>
    public string Document { get; init; } = "document";

    /// <summary>One line of place, what is wrong and what to do.</summary>
    /// <param name="file">Name of the file that the document came from; null: unknown.</param>
    public string Show(string? file = null)
    {
        var place = Line > 0 ? string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{file ?? Document}:{Line}:{Column}: ")
            : file is null ? "" : $"{file}: ";
        return $"{place}{(Path.Length > 0 ? $"{Path}: " : "")}{Message} {Remedy}";
    }

    /// <inheritdoc/>
    public override string ToString() => Show();
}
