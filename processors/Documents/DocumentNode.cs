namespace Alloc.Processors.Documents;

/// <summary>What a place of a document holds.</summary>
internal enum NodeKind
{
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
}

/// <summary>A place of a document, whatever it was written in.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Text">A scalar as it was written, without quotes.</param>
/// <param name="Items">The items of a list.</param>
/// <param name="Fields">The fields of an object, in order.</param>
internal sealed record DocumentNode(
    NodeKind Kind,
    int Line,
    int Column,
    string Text = "",
    IReadOnlyList<DocumentNode>? Items = null,
    IReadOnlyList<DocumentField>? Fields = null)
{
    /// <summary>How it is called in an error.</summary>
    public string Shown => Kind switch
    {
        NodeKind.Text => $"'{Cut(Text)}'",
        NodeKind.List => "a list",
        NodeKind.Object => "an object",
        NodeKind.Null => "null",
        _ => Cut(Text),
    };

    public DocumentNode? this[string name] => Fields?.FirstOrDefault(field => field.Name == name)?.Value;

    private static string Cut(string text) => text.Length <= 60 ? text : $"{text[..60]}…";
}

/// <summary>A field of an object and where its name stands.</summary>
internal sealed record DocumentField(string Name, int Line, int Column, DocumentNode Value);

/// <summary>The text is no JSON or YAML.</summary>
internal sealed class DocumentSyntaxException(DocumentProblem problem) : Exception(problem.ToString())
{
    public DocumentProblem Problem { get; } = problem;

    public static DocumentSyntaxException At(int line, int column, string message, string remedy) =>
        new(new DocumentProblem(line, column, "", null, message, remedy));

    public static DocumentSyntaxException Twice(int line, int column, string name) => new(new DocumentProblem(
        line, column, "", name, $"The field '{name}' is there twice.", "Keep one of them."));

    public static DocumentSyntaxException TooDeep(int line, int column, DocumentKind kind) => At(
        line, column, $"Lists and objects are nested deeper than {DocumentKind.MaximumDepth}.",
        $"A {kind.Name} needs no more than six levels.");
}
