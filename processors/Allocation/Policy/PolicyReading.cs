using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy;

/// <summary>What reading a policy gave: the policy, or everything that is wrong with it.</summary>
/// <param name="Policy">The policy; null where there are errors.</param>
/// <param name="Errors">What is wrong, in the order of the document.</param>
/// <param name="Notes">What is right and still worth knowing.</param>
public sealed record PolicyReading(
    AllocationPolicy? Policy, IReadOnlyList<DocumentProblem> Errors, IReadOnlyList<DocumentProblem> Notes);
