namespace Alloc.Schemas.Avro;

/// <summary>The place where a named type is defined: its JSON, its file and the namespace around it.</summary>
internal sealed class SchemaDefinition(JsonValue json, string? source, string enclosingNamespace)
{
    public JsonValue Json { get; } = json;

    public string? Source { get; } = source;

    public string EnclosingNamespace { get; } = enclosingNamespace;

    /// <summary>
    /// Every named type defined in the text, by full name. Text that is not a schema is left to the parser to report.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, SchemaDefinition>> FindIn(JsonValue root, string? source)
    {
        var found = new List<KeyValuePair<string, SchemaDefinition>>();
        Visit(root, string.Empty);
        return found;

        void Visit(JsonValue json, string enclosing)
        {
            foreach (var branch in json.Items)
            {
                Visit(branch, enclosing);
            }
            var type = json.Find("type");
            if (json.Kind != JsonKind.Object || type is null)
            {
                return;
            }
            if (type.Kind != JsonKind.String)
            {
                Visit(type, enclosing);
                return;
            }
            if (type.Text is "record" or "error" or "enum" or "fixed"
                && json.Find("name") is { Kind: JsonKind.String } name)
            {
                var fullName = SchemaNames.FullName(name.Text, json.Find("namespace")?.Text, enclosing);
                found.Add(new(fullName, new SchemaDefinition(json, source, enclosing)));
                enclosing = SchemaNames.NamespaceOf(fullName);
                foreach (var field in json.Find("fields")?.Items ?? [])
                {
                    if (field.Find("type") is { } fieldType)
                    {
                        Visit(fieldType, enclosing);
                    }
                }
            }
            if (type.Text is "array" or "map" && (json.Find("items") ?? json.Find("values")) is { } element)
            {
                Visit(element, enclosing);
            }
        }
    }
}

/// <summary>The specification's rules for names.</summary>
internal static class SchemaNames
{
    public static string FullName(string name, string? @namespace, string enclosing)
    {
        if (name.Contains('.'))
        {
            return name;
        }
        var space = @namespace ?? enclosing;
        return space.Length == 0 ? name : space + "." + name;
    }

    public static string NamespaceOf(string fullName)
    {
        var dot = fullName.LastIndexOf('.');
        return dot < 0 ? string.Empty : fullName.Substring(0, dot);
    }

    public static string NameOf(string fullName) => fullName.Substring(fullName.LastIndexOf('.') + 1);

    /// <summary>Whether the text is letters, digits and underscores, not starting with a digit.</summary>
    public static bool IsName(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
            if (!isLetter && (i == 0 || c < '0' || c > '9'))
            {
                return false;
            }
        }
        return text.Length > 0;
    }

    public static bool IsFullName(string text) => text.Split('.').All(IsName);
}
