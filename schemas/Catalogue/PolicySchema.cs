namespace Alloc.Schemas.Catalogue;

/// <summary>
/// The JSON Schema (2020-12) of policy documents, <c>schemas/policy/policy.schema.json</c>: for editors and for checks
/// before a document reaches <c>alloc policy validate</c>, which knows more.
/// </summary>
public static class PolicySchema
{
    private const string ResourceName = "Alloc.Schemas.policy.schema.json";

    /// <summary>The schema's text.</summary>
    public static string Read()
    {
        using var stream = typeof(PolicySchema).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"{ResourceName} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
