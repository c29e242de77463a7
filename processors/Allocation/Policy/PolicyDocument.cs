using Alloc.Processors.Allocation.Policy.Document;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy;

/// <summary>
/// A policy as a document: JSON, which travels on the log, or YAML, which people may prefer to write. Both say the
/// same: the hash is that of the canonical JSON. Pure: no file and no clock.
/// </summary>
public static class PolicyDocument
{
    /// <summary>Longest document, in bytes of UTF-8.</summary>
    public const int MaximumSize = 1 << 20;

    /// <summary>Most rows of all tables together.</summary>
    public const int MaximumRows = 10_000;

    private static readonly DocumentKind Kind = new("policy", MaximumSize, "Merge rows by patterns.");

    /// <summary>Reads a JSON document and checks it: what the ledger does with the document of an activation.</summary>
    /// <param name="text">The document.</param>
    /// <param name="previous">The policy that it replaces; its classes must stay or be mapped. null: none.</param>
    public static PolicyReading Parse(string text, AllocationPolicy? previous = null) =>
        Read(Kind.ReadJson(text, out var problem), problem, previous);

    /// <summary>
    /// Reads a document that a person wrote, and checks it: JSON where it begins with a brace, else YAML.
    /// </summary>
    /// <param name="text">The document.</param>
    /// <param name="previous">The policy that it replaces; its classes must stay or be mapped. null: none.</param>
    public static PolicyReading ParseAny(string text, AllocationPolicy? previous = null) =>
        Read(Kind.ReadAny(text, out var problem), problem, previous);

    /// <summary>
    /// The canonical document: JSON without white space, all fields in a fixed order, those equal to their default left
    /// out. Two policies are equal exactly when their canonical documents are.
    /// </summary>
    public static string Write(AllocationPolicy policy) => CanonicalPolicy.Write(policy);

    /// <summary>SHA-256 of the canonical document, lower-case hexadecimal.</summary>
    public static string HashOf(AllocationPolicy policy) => HashOf(Write(policy));

    /// <summary>SHA-256 of a document's bytes in UTF-8, lower-case hexadecimal.</summary>
    public static string HashOf(string document) => CanonicalJson.HashOf(document);

    private static PolicyReading Read(DocumentNode? root, DocumentProblem? problem, AllocationPolicy? previous) =>
        root is null ? new PolicyReading(null, [problem!], []) : PolicyReader.Read(root, previous);
}
