using System.Text;

namespace Alloc.Schemas.Avro;

/// <summary>What a JSON value is.</summary>
public enum JsonKind
{
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// <summary>
/// A JSON value that knows its place in the text, so that an error in a schema points at its line. Shared by the
/// runtime and the generator, which cannot rely on System.Text.Json being loadable inside a compiler.
/// </summary>
public sealed class JsonValue
{
    private static readonly KeyValuePair<string, JsonValue>[] NoMembers = [];
    private static readonly JsonValue[] NoItems = [];

    internal JsonValue(
        JsonKind kind,
        string text,
        TextPlace place,
        IReadOnlyList<JsonValue>? items = null,
        IReadOnlyList<KeyValuePair<string, JsonValue>>? members = null)
    {
        Kind = kind;
        Text = text;
        Place = place;
        Items = items ?? NoItems;
        Members = members ?? NoMembers;
    }

    public JsonKind Kind { get; }

    /// <summary>
    /// A string's content without escapes; a number's or literal's text; empty for arrays and objects.
    /// </summary>
    public string Text { get; }

    public TextPlace Place { get; }

    /// <summary>An array's items.</summary>
    public IReadOnlyList<JsonValue> Items { get; }

    /// <summary>An object's members in the text's order; no name occurs twice.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonValue>> Members { get; }

    /// <summary>Reads one JSON text.</summary>
    /// <exception cref="AvroSchemaException">The text is not JSON, repeats a name or is nested deeper than
    /// 128.</exception>
    public static JsonValue Parse(string text, string? source = null) => new JsonParser(text, source).ParseDocument();

    /// <summary>A string value, for texts that are built rather than read.</summary>
    public static JsonValue OfString(string text) => new(JsonKind.String, text, default);

    /// <summary>The member of that name, or null.</summary>
    public JsonValue? Find(string name)
    {
        foreach (var member in Members)
        {
            if (string.Equals(member.Key, name, StringComparison.Ordinal))
            {
                return member.Value;
            }
        }
        return null;
    }

    /// <summary>The value as JSON without white space.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        WriteTo(text);
        return text.ToString();
    }

    internal static void WriteString(StringBuilder target, string text)
    {
        target.Append('"');
        foreach (var c in text)
        {
            switch (c)
            {
                case '"':
                    target.Append("\\\"");
                    break;
                case '\\':
                    target.Append("\\\\");
                    break;
                case '\n':
                    target.Append("\\n");
                    break;
                case '\r':
                    target.Append("\\r");
                    break;
                case '\t':
                    target.Append("\\t");
                    break;
                default:
                    if (c < ' ' || (c >= 0x80 && c <= 0xff))
                    {
                        // Defaults of bytes use U+0080..U+00FF as raw bytes; escaped they survive every editor.
                        target.Append("\\u00").Append(Hex(c >> 4)).Append(Hex(c & 15));
                    }
                    else
                    {
                        target.Append(c);
                    }
                    break;
            }
        }
        target.Append('"');
    }

    internal void WriteTo(StringBuilder target)
    {
        switch (Kind)
        {
            case JsonKind.String:
                WriteString(target, Text);
                break;
            case JsonKind.Array:
                target.Append('[');
                for (var i = 0; i < Items.Count; i++)
                {
                    target.Append(i == 0 ? string.Empty : ",");
                    Items[i].WriteTo(target);
                }
                target.Append(']');
                break;
            case JsonKind.Object:
                target.Append('{');
                for (var i = 0; i < Members.Count; i++)
                {
                    target.Append(i == 0 ? string.Empty : ",");
                    WriteString(target, Members[i].Key);
                    target.Append(':');
                    Members[i].Value.WriteTo(target);
                }
                target.Append('}');
                break;
            default:
                target.Append(Text);
                break;
        }
    }

    private static char Hex(int digit) => (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}
