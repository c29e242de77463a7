using System.Globalization;
using System.Text;

namespace Alloc.Schemas.Avro;

/// <summary>Writes a schema as JSON: whole and self-contained, or in Parsing Canonical Form.</summary>
internal sealed class SchemaWriter
{
    private readonly StringBuilder _text = new();
    private readonly HashSet<string> _defined = new(StringComparer.Ordinal);
    private readonly bool _canonical;

    private SchemaWriter(bool canonical) => _canonical = canonical;

    public static string WriteText(AvroSchema schema) => Write(schema, canonical: false);

    /// <summary>Specification 1.11, "Transforming into Parsing Canonical Form".</summary>
    public static string WriteCanonical(AvroSchema schema) => Write(schema, canonical: true);

    private static string Write(AvroSchema schema, bool canonical)
    {
        var writer = new SchemaWriter(canonical);
        writer.Schema(schema, string.Empty);
        return writer._text.ToString();
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
            case NamedSchema named when !_defined.Add(named.FullName):
                _text.Append(Quoted(!_canonical && named.Namespace == enclosing ? named.Name : named.FullName));
                break;
            case NamedSchema named:
                Named(named, enclosing);
                break;
            case ArraySchema array:
                _text.Append("{\"type\":\"array\",\"items\":");
                Schema(array.Items, enclosing);
                Close(schema);
                break;
            case MapSchema map:
                _text.Append("{\"type\":\"map\",\"values\":");
                Schema(map.Values, enclosing);
                Close(schema);
                break;
            case UnionSchema union:
                _text.Append('[');
                for (var i = 0; i < union.Branches.Count; i++)
                {
                    _text.Append(i == 0 ? string.Empty : ",");
                    Schema(union.Branches[i], enclosing);
                }
                _text.Append(']');
                break;
            default:
                var name = Quoted(schema.Type.ToString().ToLowerInvariant());
                if (_canonical || schema.Properties.Count == 0)
                {
                    _text.Append(name);
                }
                else
                {
                    _text.Append("{\"type\":").Append(name);
                    Close(schema);
                }
                break;
        }
    }

    private void Named(NamedSchema schema, string enclosing)
    {
        var type = Quoted(schema.Type.ToString().ToLowerInvariant());
        if (_canonical)
        {
            _text.Append("{\"name\":").Append(Quoted(schema.FullName)).Append(",\"type\":").Append(type);
        }
        else
        {
            _text.Append("{\"type\":").Append(type).Append(",\"name\":").Append(Quoted(schema.Name));
            if (schema.Namespace != enclosing)
            {
                _text.Append(",\"namespace\":").Append(Quoted(schema.Namespace));
            }
            Described(schema.Doc, schema.Aliases);
        }
        switch (schema)
        {
            case RecordSchema record:
                Fields(record);
                break;
            case EnumSchema symbols:
                _text.Append(",\"symbols\":[").Append(string.Join(",", symbols.Symbols.Select(Quoted))).Append(']');
                if (!_canonical && symbols.DefaultSymbol is { } defaultSymbol)
                {
                    _text.Append(",\"default\":").Append(Quoted(defaultSymbol));
                }
                break;
            case FixedSchema size:
                _text.Append(",\"size\":").Append(size.Size.ToString(CultureInfo.InvariantCulture));
                break;
            default:
                break;
        }
        Close(schema);
    }

    private void Fields(RecordSchema record)
    {
        _text.Append(",\"fields\":[");
        for (var i = 0; i < record.Fields.Count; i++)
        {
            var field = record.Fields[i];
            _text.Append(i == 0 ? string.Empty : ",").Append("{\"name\":").Append(Quoted(field.Name))
                .Append(",\"type\":");
            Schema(field.Schema, record.Namespace);
            if (!_canonical)
            {
                Described(field.Doc, field.Aliases);
                if (field.Default is not null)
                {
                    _text.Append(",\"default\":").Append(field.Default);
                }
                Properties(field.Properties);
            }
            _text.Append('}');
        }
        _text.Append(']');
    }

    private void Described(string? doc, IReadOnlyList<string> aliases)
    {
        if (doc is not null)
        {
            _text.Append(",\"doc\":").Append(Quoted(doc));
        }
        if (aliases.Count > 0)
        {
            _text.Append(",\"aliases\":[").Append(string.Join(",", aliases.Select(Quoted))).Append(']');
        }
    }

    private void Close(AvroSchema schema)
    {
        if (!_canonical)
        {
            Properties(schema.Properties);
        }
        _text.Append('}');
    }

    private void Properties(IReadOnlyList<KeyValuePair<string, JsonValue>> properties)
    {
        foreach (var property in properties)
        {
            _text.Append(',').Append(Quoted(property.Key)).Append(':').Append(property.Value);
        }
    }
}
