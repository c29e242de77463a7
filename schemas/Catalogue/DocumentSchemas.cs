namespace Alloc.Schemas.Catalogue;

/// <summary>
/// The JSON Schemas (2020-12) of documents that people write: for editors, and for checks before a document reaches
/// its reader (<c>alloc policy validate</c>, <c>alloc catalogue validate</c>), which knows more.
/// </summary>
public static class DocumentSchemas
{
    /// <summary>That of policies, <c>schemas/policy/policy.schema.json</c>.</summary>
    public static string Policy() => Read("Alloc.Schemas.policy.schema.json");

    /// <summary>That of operations catalogues, <c>schemas/operations/catalogue.schema.json</c>.</summary>
    public static string Catalogue() => Read("Alloc.Schemas.catalogue.schema.json");

    /// <summary>That of workflow definitions, <c>schemas/workflow/definition.schema.json</c>.</summary>
    public static string WorkflowDefinition() => Read("Alloc.Schemas.definition.schema.json");

    private static string Read(string resourceName)
    {
        using var stream = typeof(DocumentSchemas).Assembly.GetManifestResourceStream(resourceName)
            ?? throw new InvalidOperationException($"{resourceName} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
