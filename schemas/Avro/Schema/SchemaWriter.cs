using System.Globalization;
using System.Text;

namespace Alloc.Schemas.Avro;

/// <summary>Writes a schema as JSON: whole and self-contained, or in Parsing Canonical Form.</summary>
internal sealed class SchemaWriter
{
    private readonly StringBuilder text = new();
    private readonly HashSet<string> defined = new(StringComparer.Ordinal);
    private readonly bool canonical;

    private SchemaWriter(bool canonical) => this.canonical = canonical;

    public static string WriteText(AvroSchema schema) => Write(schema, canonical: false);

    /// <summary>Specification 1.11, "Transforming into Parsing Canonical Form".</summary>
    public static string WriteCanonical(AvroSchema schema) => Write(schema, canonical: true);

    private static string Write(AvroSchema schema, bool canonical)
    {
        var writer = new SchemaWriter(canonical);
        writer.Schema(schema, string.Empty);
        return writer.text.ToString();
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length + 2);
        JsonValue.WriteString(quoted, text);
        return quoted.ToString();
    }

    private void Schema(AvroSchema schema, string enclosing)
    {
        switch (schema)
        {
            case NamedSchema named when !defined.Add(named.FullName):
                text.Append(Quoted(!canonical && named.Namespace == enclosing ? named.Name : named.FullName));
                break;
            case NamedSchema named:
                Named(named, enclosing);
                break;
            case ArraySchema array:
                text.Append("{\"type\":\"array\",\"items\":");
                Schema(array.Items, enclosing);
                Close(schema);
                break;
            case MapSchema map:
                text.Append("{\"type\":\"map\",\"values\":");
                Schema(map.Values, enclosing);
                Close(schema);
                break;
            case UnionSchema union:
                text.Append('[');
                for (var i = 0; i < union.Branches.Count; i++)
                {
                    text.Append(i == 0 ? string.Empty : ",");
                    Schema(union.Branches[i], enclosing);
                }
                text.Append(']');
                break;
            default:
                var name = Quoted(schema.Type.ToString().ToLowerInvariant());
                if (canonical || schema.Properties.Count == 0)
                {
                    text.Append(name);
                }
                else
                {
                    text.Append("{\"type\":").Append(name);
                    Close(schema);
                }
                break;
        }
    }

    private void Named(NamedSchema schema, string enclosing)
    {
        var type = Quoted(schema.Type.ToString().ToLowerInvariant());
        if (canonical)
        {
            text.Append("{\"name\":").Append(Quoted(schema.FullName)).Append(",\"type\":").Append(type);
        }
        else
        {
            text.Append("{\"type\":").Append(type).Append(",\"name\":").Append(Quoted(schema.Name));
            if (schema.Namespace != enclosing)
            {
                text.Append(",\"namespace\":").Append(Quoted(schema.Namespace));
            }
            Described(schema.Doc, schema.Aliases);
        }
        switch (schema)
        {
            case RecordSchema record:
                Fields(record);
                break;
            case EnumSchema symbols:
                text.Append(",\"symbols\":[").Append(string.Join(",", symbols.Symbols.Select(Quoted))).Append(']');
                if (!canonical && symbols.DefaultSymbol is { } defaultSymbol)
                {
                    text.Append(",\"default\":").Append(Quoted(defaultSymbol));
                }
                break;
            case FixedSchema size:
                text.Append(",\"size\":").Append(size.Size.ToString(CultureInfo.InvariantCulture));
                break;
            default:
                break;
        }
        Close(schema);
    }

    private void Fields(RecordSchema record)
    {
        text.Append(",\"fields\":[");
        for (var i = 0; i < record.Fields.Count; i++)
        {
            var field = record.Fields[i];
            text.Append(i == 0 ? string.Empty : ",").Append("{\"name\":").Append(Quoted(field.Name))
                .Append(",\"type\":");
            Schema(field.Schema, record.Namespace);
            if (!canonical)
            {
                Described(field.Doc, field.Aliases);
                if (field.Default is not null)
                {
                    text.Append(",\"default\":").Append(field.Default);
                }
                Properties(field.Properties);
            }
            text.Append('}');
        }
        text.Append(']');
    }

    private void Described(string? doc, IReadOnlyList<string> aliases)
    {
        if (doc is not null)
        {
            text.Append(",\"doc\":").Append(Quoted(doc));
        }
        if (aliases.Count > 0)
        {
            text.Append(",\"aliases\":[").Append(string.Join(",", aliases.Select(Quoted))).Append(']');
        }
    }

    private void Close(AvroSchema schema)
    {
        if (!canonical)
        {
            Properties(schema.Properties);
        }
        text.Append('}');
    }

    private void Properties(IReadOnlyList<KeyValuePair<string, JsonValue>> properties)
    {
        foreach (var property in properties)
        {
            text.Append(',').Append(Quoted(property.Key)).Append(':').Append(property.Value);
        }
    }
}
