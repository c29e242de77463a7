namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Something that a policy's author should know, and where.</summary>
/// <param name="Line">Line, from 1; 0 where it concerns the document as a whole.</param>
/// <param name="Column">Column in characters, from 1; 0 where it concerns the document as a whole.</param>
/// <param name="Path">The field, for instance <c>ttl[2].maximum</c>; empty for the document as a whole.</param>
/// <param name="Value">The value found there; null where the place has none.</param>
/// <param name="Message">What is wrong, a sentence.</param>
/// <param name="Remedy">What to do, a sentence.</param>
public sealed record PolicyProblem(
    int Line, int Column, string Path, string? Value, string Message, string Remedy)
{
    /// <summary>One line of place, what is wrong and what to do.</summary>
    /// <param name="file">Name of the file that the document came from; null: unknown.</param>
    public string Show(string? file = null)
    {
        var place = Line > 0 ? string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{file ?? "policy"}:{Line}:{Column}: ")
            : file is null ? "" : $"{file}: ";
        return $"{place}{(Path.Length > 0 ? $"{Path}: " : "")}{Message} {Remedy}";
    }

    /// <inheritdoc/>
    public override string ToString() => Show();
}

/// <summary>What reading a policy gave: the policy, or everything that is wrong with it.</summary>
/// <param name="Policy">The policy; null where there are errors.</param>
/// <param name="Errors">What is wrong, in the order of the document.</param>
/// <param name="Notes">What is right and still worth knowing.</param>
public sealed record PolicyReading(
    AllocationPolicy? Policy, IReadOnlyList<PolicyProblem> Errors, IReadOnlyList<PolicyProblem> Notes);
