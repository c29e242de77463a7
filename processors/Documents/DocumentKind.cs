using System.Text;

namespace Alloc.Processors.Documents;

/// <summary>A kind of document that people write, YAML or JSON, and how large it may be. No file, no clock.</summary>
/// <param name="Name">What it is called, in a word.</param>
/// <param name="MaximumSize">Longest text, in bytes of UTF-8.</param>
/// <param name="SizeRemedy">What to do about a longer one, a sentence.</param>
internal sealed record DocumentKind(string Name, int MaximumSize, string SizeRemedy)
{
    /// <summary>How deep lists and objects may be nested.</summary>
    public const int MaximumDepth = 16;

    /// <summary>Reads JSON.</summary>
    /// <param name="text">The text.</param>
    /// <param name="problem">Why it cannot be read; null: it can.</param>
    public DocumentNode? ReadJson(string text, out DocumentProblem? problem) =>
        Read(text, new JsonDocumentReader(this).Read, out problem);

    /// <summary>Reads what a person wrote: JSON where it begins with a brace, else YAML.</summary>
    /// <param name="text">The text.</param>
    /// <param name="problem">Why it cannot be read; null: it can.</param>
    public DocumentNode? ReadAny(string text, out DocumentProblem? problem) =>
        text.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith("{")
            ? ReadJson(text, out problem)
            : Read(text, new YamlDocumentReader(this).Read, out problem);

    private DocumentNode? Read(string text, Func<string, DocumentNode> read, out DocumentProblem? problem)
    {
        problem = null;
        var size = Encoding.UTF8.GetByteCount(text);
        if (size > MaximumSize)
        {
            problem = new DocumentProblem(
                0, 0, "", null, $"The document has {size} bytes; it may have {MaximumSize}.", SizeRemedy)
            {
                Document = Name,
            };
            return null;
        }
        try
        {
            return read(text.TrimStart('\uFEFF'));
        }
        catch (DocumentSyntaxException error)
        {
            problem = error.Problem with { Document = Name };
            return null;
        }
    }
}
