using System.Globalization;

namespace Alloc.Schemas.Avro;

/// <summary>
/// The named types known so far while schemas are read, and those of other files that can be read on demand.
/// </summary>
internal sealed class SchemaScope(Dictionary<string, SchemaDefinition> definitions)
{
    private readonly Dictionary<string, NamedSchema> named = new(StringComparer.Ordinal);
    private readonly HashSet<JsonValue> resolved = [];
    private readonly List<NamedSchema> types = [];
    private readonly List<(FieldSchema Field, string? Source)> defaults = [];
    private string? source;

    public IReadOnlyList<NamedSchema> Types => types;

    /// <summary>Reads one text and then checks defaults, which may need types that are defined after them.</summary>
    public AvroSchema Complete(string? source, Func<SchemaScope, AvroSchema> read)
    {
        this.source = source;
        var schema = read(this);
        foreach (var (field, fieldSource) in defaults)
        {
            DefaultValue.Validate(field.Default!, field.Schema, fieldSource);
        }
        defaults.Clear();
        return schema;
    }

    public AvroSchema ResolveDefinition(SchemaDefinition definition)
    {
        var (source, _) = (this.source, this.source = definition.Source);
        try
        {
            return Resolve(definition.Json, definition.EnclosingNamespace);
        }
        finally
        {
            this.source = source;
        }
    }

    public AvroSchema Resolve(JsonValue json, string enclosing) => json.Kind switch
    {
        JsonKind.String => ResolveName(json, enclosing),
        JsonKind.Array => ResolveUnion(json, enclosing),
        JsonKind.Object => ResolveObject(json, enclosing),
        _ => throw Error("a schema is a name, an object or an array", json),
    };

    private static AvroType? Primitive(string name) => name switch
    {
        "null" => AvroType.Null,
        "boolean" => AvroType.Boolean,
        "int" => AvroType.Int,
        "long" => AvroType.Long,
        "float" => AvroType.Float,
        "double" => AvroType.Double,
        "bytes" => AvroType.Bytes,
        "string" => AvroType.String,
        _ => null,
    };

    private AvroSchema ResolveName(JsonValue json, string enclosing)
    {
        if (Primitive(json.Text) is { } primitive)
        {
            return new PrimitiveSchema(primitive);
        }
        return Find(SchemaNames.FullName(json.Text, null, enclosing)) ?? Find(json.Text)
            ?? throw Error($"type \"{json.Text}\" is not known", json);
    }

    private NamedSchema? Find(string fullName)
    {
        if (named.TryGetValue(fullName, out var known))
        {
            return known;
        }
        return definitions.TryGetValue(fullName, out var definition)
            ? (NamedSchema)ResolveDefinition(definition)
            : null;
    }

    private UnionSchema ResolveUnion(JsonValue json, string enclosing)
    {
        var branches = new List<AvroSchema>();
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in json.Items)
        {
            var branch = Resolve(item, enclosing);
            if (branch.Type == AvroType.Union)
            {
                throw Error("a union cannot hold a union", item);
            }
            if (!kinds.Add(branch is NamedSchema named ? named.FullName : branch.Type.ToString()))
            {
                throw Error("a union cannot hold the same type twice", item);
            }
            branches.Add(branch);
        }
        return new UnionSchema(branches);
    }

    private AvroSchema ResolveObject(JsonValue json, string enclosing)
    {
        var type = json.Find("type") ?? throw Error("\"type\" is missing", json);
        if (type.Kind != JsonKind.String)
        {
            return Resolve(type, enclosing);
        }
        switch (type.Text)
        {
            case "record":
            case "error":
                return ResolveRecord(json, enclosing);
            case "enum":
                return Named(json, enclosing, ResolveEnum);
            case "fixed":
                return LogicalTypes.Annotate(Named(json, enclosing, ResolveFixed), json);
            case "array":
                return WithProperties(
                    new ArraySchema(Resolve(Member(json, "items"), enclosing)), json, "type", "items", "default");
            case "map":
                return WithProperties(
                    new MapSchema(Resolve(Member(json, "values"), enclosing)), json, "type", "values", "default");
            default:
                return Primitive(type.Text) is { } primitive
                    ? LogicalTypes.Annotate(WithProperties(new PrimitiveSchema(primitive), json, "type"), json)
                    : ResolveName(type, enclosing);
        }
    }

    private NamedSchema ResolveRecord(JsonValue json, string enclosing)
    {
        return Named(json, enclosing, (name, space) => new RecordSchema(name, space), record =>
        {
            var fields = new List<FieldSchema>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var item in Member(json, "fields", JsonKind.Array).Items)
            {
                fields.Add(ResolveField(item, record.Namespace, names));
            }
            ((RecordSchema)record).Fields = fields;
        });
    }

    private FieldSchema ResolveField(JsonValue json, string enclosing, HashSet<string> names)
    {
        var name = Member(json, "name", JsonKind.String);
        if (!SchemaNames.IsName(name.Text))
        {
            throw Error($"\"{name.Text}\" is not a name", name);
        }
        if (!names.Add(name.Text))
        {
            throw Error($"field \"{name.Text}\" occurs twice", name);
        }
        var field = new FieldSchema(
            name.Text, Resolve(Member(json, "type"), enclosing), json.Find("default"), name.Place)
        {
            Doc = Text(json, "doc"),
            Aliases = Names(json, "aliases", SchemaNames.IsName),
            Properties = Others(json, "name", "type", "default", "doc", "aliases"),
        };
        if (field.Default is not null)
        {
            defaults.Add((field, source));
        }
        return field;
    }

    private EnumSchema ResolveEnum(JsonValue json, string name, string space)
    {
        var symbols = Names(json, "symbols", SchemaNames.IsName);
        if (symbols.Count == 0)
        {
            throw Error("an enum has \"symbols\"", json);
        }
        if (symbols.Distinct(StringComparer.Ordinal).Count() != symbols.Count)
        {
            throw Error("a symbol occurs twice", Member(json, "symbols"));
        }
        var defaultSymbol = json.Find("default");
        if (defaultSymbol is not null
            && (defaultSymbol.Kind != JsonKind.String || !symbols.Contains(defaultSymbol.Text)))
        {
            throw Error("the default is not one of the symbols", defaultSymbol);
        }
        return new EnumSchema(name, space, symbols, defaultSymbol?.Text);
    }

    private FixedSchema ResolveFixed(JsonValue json, string name, string space)
    {
        var size = Member(json, "size", JsonKind.Number);
        return int.TryParse(size.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? new FixedSchema(name, space, count)
            : throw Error("\"size\" is a number of bytes", size);
    }

    private NamedSchema Named(JsonValue json, string enclosing, Func<JsonValue, string, string, NamedSchema> create) =>
        Named(json, enclosing, (name, space) => create(json, name, space));

    private NamedSchema Named(
        JsonValue json, string enclosing, Func<string, string, NamedSchema> create,
        Action<NamedSchema>? complete = null)
    {
        var name = Member(json, "name", JsonKind.String);
        var fullName = SchemaNames.FullName(name.Text, Text(json, "namespace"), enclosing);
        if (!SchemaNames.IsFullName(fullName))
        {
            throw Error($"\"{fullName}\" is not a name", name);
        }
        if (Primitive(fullName) is not null)
        {
            throw Error($"\"{fullName}\" is the name of a primitive", name);
        }
        if (named.TryGetValue(fullName, out var known))
        {
            // Another file may have been the first to ask for this very definition.
            return resolved.Contains(json) ? known : throw Error($"\"{fullName}\" is already defined", name);
        }
        var space = SchemaNames.NamespaceOf(fullName);
        var schema = create(SchemaNames.NameOf(fullName), space);
        schema.Doc = Text(json, "doc");
        schema.Aliases = Names(json, "aliases", SchemaNames.IsFullName)
            .Select(a => SchemaNames.FullName(a, null, space)).ToList();
        schema.Place = name.Place;
        schema.SchemaSource = source;
        schema.Properties = Others(
            json, "type", "name", "namespace", "doc", "aliases", "fields", "symbols", "size",
            schema is EnumSchema ? "default" : "type");
        named.Add(fullName, schema);
        resolved.Add(json);
        complete?.Invoke(schema);
        types.Add(schema);
        return schema;
    }

    private static AvroSchema WithProperties(AvroSchema schema, JsonValue json, params string[] known)
    {
        schema.Properties = Others(json, known);
        return schema;
    }

    private static List<KeyValuePair<string, JsonValue>> Others(JsonValue json, params string[] known) =>
        json.Members.Where(m => !known.Contains(m.Key)).ToList();

    private List<string> Names(JsonValue json, string member, Func<string, bool> isValid)
    {
        var names = new List<string>();
        if (json.Find(member) is { } list)
        {
            if (list.Kind != JsonKind.Array)
            {
                throw Error($"\"{member}\" is a list of names", list);
            }
            foreach (var item in list.Items)
            {
                names.Add(item.Kind == JsonKind.String && isValid(item.Text)
                    ? item.Text
                    : throw Error("not a name", item));
            }
        }
        return names;
    }

    private string? Text(JsonValue json, string member) => json.Find(member) is { } value
        ? value.Kind == JsonKind.String ? value.Text : throw Error($"\"{member}\" is a text", value)
        : null;

    private JsonValue Member(JsonValue json, string name, JsonKind? kind = null)
    {
        var member = json.Find(name) ?? throw Error($"\"{name}\" is missing", json);
        return kind is null || member.Kind == kind
            ? member
            : throw Error($"\"{name}\" is not of the right kind", member);
    }

    private AvroSchemaException Error(string reason, JsonValue json) => new(reason, source, json.Place);
}
