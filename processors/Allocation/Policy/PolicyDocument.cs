using System.Security.Cryptography;
using System.Text;
using Alloc.Processors.Allocation.Policy.Document;

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

    /// <summary>How deep lists and objects may be nested.</summary>
    public const int MaximumDepth = 16;

    /// <summary>Reads a JSON document and checks it: what the ledger does with the document of an activation.</summary>
    /// <param name="text">The document.</param>
    /// <param name="previous">The policy that it replaces; its classes must stay or be mapped. null: none.</param>
    public static PolicyReading Parse(string text, AllocationPolicy? previous = null) =>
        Read(text, previous, JsonPolicyReader.Read);

    /// <summary>
    /// Reads a document that a person wrote, and checks it: JSON where it begins with a brace, else YAML.
    /// </summary>
    /// <param name="text">The document.</param>
    /// <param name="previous">The policy that it replaces; its classes must stay or be mapped. null: none.</param>
    public static PolicyReading ParseAny(string text, AllocationPolicy? previous = null) =>
        text.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith("{")
            ? Parse(text, previous)
            : Read(text, previous, YamlPolicyReader.Read);

    /// <summary>
    /// The canonical document: JSON without white space, all fields in a fixed order, those equal to their default left
    /// out. Two policies are equal exactly when their canonical documents are.
    /// </summary>
    public static string Write(AllocationPolicy policy) => CanonicalPolicy.Write(policy);

    /// <summary>SHA-256 of the canonical document, lower-case hexadecimal.</summary>
    public static string HashOf(AllocationPolicy policy) => HashOf(Write(policy));

    /// <summary>SHA-256 of a document's bytes in UTF-8, lower-case hexadecimal.</summary>
    public static string HashOf(string document) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document)));

    private static PolicyReading Read(string text, AllocationPolicy? previous, Func<string, PolicyNode> read)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        if (size > MaximumSize)
        {
            return new PolicyReading(null, [new PolicyProblem(
                0, 0, "", null, $"The document has {size} bytes; it may have {MaximumSize}.",
                "Merge rows by patterns.")], []);
        }
        try
        {
            return PolicyReader.Read(read(text.TrimStart('\uFEFF')), previous);
        }
        catch (PolicySyntaxException error)
        {
            return new PolicyReading(null, [error.Problem], []);
        }
    }
}
