namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Collects what is wrong with a document; stops counting where nobody would read on.</summary>
internal sealed class ProblemList
{
    private const int Maximum = 100;
    private readonly List<PolicyProblem> errors = [];
    private readonly List<PolicyProblem> notes = [];

    public bool HasErrors => errors.Count > 0;

    /// <summary>Errors in the order of the document.</summary>
    public IReadOnlyList<PolicyProblem> Errors => InOrder(errors);

    public IReadOnlyList<PolicyProblem> Notes => InOrder(notes);

    public void Error(PolicyNode node, string path, string message, string remedy) =>
        Error(node.Line, node.Column, path, node.Shown, message, remedy);

    public void Error(int line, int column, string path, string? value, string message, string remedy)
    {
        if (errors.Count < Maximum)
        {
            errors.Add(new PolicyProblem(line, column, path, value, message, remedy));
        }
    }

    public void Note(PolicyNode node, string path, string message, string remedy)
    {
        if (notes.Count < Maximum)
        {
            notes.Add(new PolicyProblem(node.Line, node.Column, path, node.Shown, message, remedy));
        }
    }

    private static List<PolicyProblem> InOrder(List<PolicyProblem> problems) =>
        [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];
}
