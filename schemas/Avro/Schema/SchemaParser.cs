namespace Alloc.Schemas.Avro;

/// <summary>
/// Reads schema texts into <see cref="AvroSchema"/>: one self-contained text, or files that refer to each other.
/// </summary>
public static class SchemaParser
{
    /// <summary>Reads a schema whose named types are all defined in the text, each before its use.</summary>
    /// <exception cref="AvroSchemaException">The text is not a valid schema.</exception>
    public static AvroSchema Parse(string text, string? source = null)
    {
        var json = JsonValue.Parse(text, source);
        return new SchemaScope([]).Complete(source, scope => scope.Resolve(json, string.Empty));
    }

    /// <summary>
    /// Reads files that each define one named type and may use each other's, in any order. A file that is wrong adds
    /// its errors and its types are missing from the answer; the other files are read all the same.
    /// </summary>
    /// <param name="files">Names and texts.</param>
    /// <param name="errors">Receives what is wrong.</param>
    /// <returns>Every named type, by full name, in the order of the files and of the definitions in them.</returns>
    public static IReadOnlyList<NamedSchema> ParseFiles(
        IEnumerable<KeyValuePair<string, string>> files, ICollection<AvroSchemaException> errors)
    {
        var definitions = new Dictionary<string, SchemaDefinition>(StringComparer.Ordinal);
        var roots = new List<SchemaDefinition>();
        foreach (var file in files)
        {
            try
            {
                var json = JsonValue.Parse(file.Value, file.Key);
                foreach (var found in SchemaDefinition.FindIn(json, file.Key))
                {
                    if (definitions.TryGetValue(found.Key, out var other))
                    {
                        throw new AvroSchemaException(
                            $"\"{found.Key}\" is already defined in {Path.GetFileName(other.Source)}", file.Key,
                            found.Value.Json.Place);
                    }
                    definitions.Add(found.Key, found.Value);
                }
                roots.Add(new SchemaDefinition(json, file.Key, string.Empty));
            }
            catch (AvroSchemaException error)
            {
                errors.Add(error);
            }
        }

        var scope = new SchemaScope(definitions);
        foreach (var root in roots)
        {
            try
            {
                scope.Complete(root.Source, s => s.ResolveDefinition(root));
            }
            catch (AvroSchemaException error)
            {
                // A type of another file that this one uses fails here a second time; one report is enough.
                if (!errors.Any(e => e.Message == error.Message))
                {
                    errors.Add(error);
                }
            }
        }
        return scope.Types;
    }
}
