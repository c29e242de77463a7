namespace Alloc.Processors.Documents;

/// <summary>Collects what is wrong with a document; stops counting where nobody would read on.</summary>
/// <param name="document">What kind of document it is, in a word.</param>
internal sealed class ProblemList(string document)
{
    private const int Maximum = 100;
    private readonly List<DocumentProblem> errors = [];
    private readonly List<DocumentProblem> notes = [];

    public bool HasErrors => errors.Count > 0;

    /// <summary>Errors in the order of the document.</summary>
    public IReadOnlyList<DocumentProblem> Errors => InOrder(errors);

    public IReadOnlyList<DocumentProblem> Notes => InOrder(notes);

    public void Error(DocumentNode node, string path, string message, string remedy) =>
        Error(node.Line, node.Column, path, node.Shown, message, remedy);

    public void Error(int line, int column, string path, string? value, string message, string remedy)
    {
        if (errors.Count < Maximum)
        {
            errors.Add(new DocumentProblem(line, column, path, value, message, remedy) { Document = document });
        }
    }

    public void Note(DocumentNode node, string path, string message, string remedy)
    {
        if (notes.Count < Maximum)
        {
            notes.Add(new DocumentProblem(node.Line, node.Column, path, node.Shown, message, remedy)
            {
                Document = document,
            });
        }
    }

    private static List<DocumentProblem> InOrder(List<DocumentProblem> problems) =>
        [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];
}
