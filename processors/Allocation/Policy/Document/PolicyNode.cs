namespace Alloc.Processors.Allocation.Policy.Document;

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
internal sealed record PolicyNode(
    NodeKind Kind,
    int Line,
    int Column,
    string Text = "",
    IReadOnlyList<PolicyNode>? Items = null,
    IReadOnlyList<PolicyField>? Fields = null)
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

    public PolicyNode? this[string name] => Fields?.FirstOrDefault(field => field.Name == name)?.Value;

    private static string Cut(string text) => text.Length <= 60 ? text : $"{text[..60]}…";
}

/// <summary>A field of an object and where its name stands.</summary>
internal sealed record PolicyField(string Name, int Line, int Column, PolicyNode Value);

/// <summary>The text is no JSON or YAML.</summary>
internal sealed class PolicySyntaxException(PolicyProblem problem) : Exception(problem.ToString())
{
    public PolicyProblem Problem { get; } = problem;

    public static PolicySyntaxException At(int line, int column, string message, string remedy) =>
        new(new PolicyProblem(line, column, "", null, message, remedy));

    public static PolicySyntaxException Twice(int line, int column, string name) => new(new PolicyProblem(
        line, column, "", name, $"The field '{name}' is there twice.", "Keep one of them."));

    public static PolicySyntaxException TooDeep(int line, int column) => At(
        line, column, $"Lists and objects are nested deeper than {PolicyDocument.MaximumDepth}.",
        "A policy needs no more than five levels.");
}
