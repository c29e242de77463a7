using System.Text;

namespace Alloc.Schemas.Avro;

/// <summary>A strict JSON parser (RFC 8259) that keeps the place of every value and bounds the depth.</summary>
internal sealed class JsonParser(string text, string? source)
{
    private const int MaximumDepth = 128;

    private int offset;
    private int line;
    private int lineStart;
    private int depth;

    public JsonValue ParseDocument()
    {
        if (text.Length > 0 && text[0] == '\ufeff')
        {
            offset = 1;
        }
        SkipWhiteSpace();
        var value = ParseValue();
        SkipWhiteSpace();
        if (offset < text.Length)
        {
            throw Error("text after the end of the JSON value");
        }
        return value;
    }

    private JsonValue ParseValue()
    {
        var start = Here();
        if (offset >= text.Length)
        {
            throw Error("the JSON text ends too early");
        }
        switch (text[offset])
        {
            case '{':
                return ParseObject(start);
            case '[':
                return ParseArray(start);
            case '"':
                var content = ParseString();
                return new JsonValue(JsonKind.String, content, Since(start));
            case 't':
                return ParseLiteral("true", JsonKind.Boolean, start);
            case 'f':
                return ParseLiteral("false", JsonKind.Boolean, start);
            case 'n':
                return ParseLiteral("null", JsonKind.Null, start);
            default:
                return ParseNumber(start);
        }
    }

    private JsonValue ParseObject(TextPlace start)
    {
        Enter();
        var members = new List<KeyValuePair<string, JsonValue>>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        offset++;
        SkipWhiteSpace();
        while (!TryTake('}'))
        {
            if (members.Count > 0)
            {
                Expect(',');
                SkipWhiteSpace();
            }
            if (offset >= text.Length || text[offset] != '"')
            {
                throw Error("a member name in quotes is missing");
            }
            var nameStart = Here();
            var name = ParseString();
            if (!names.Add(name))
            {
                throw new AvroSchemaException($"\"{name}\" occurs twice", source, Since(nameStart));
            }
            SkipWhiteSpace();
            Expect(':');
            SkipWhiteSpace();
            members.Add(new KeyValuePair<string, JsonValue>(name, ParseValue()));
            SkipWhiteSpace();
        }
        depth--;
        return new JsonValue(JsonKind.Object, string.Empty, Since(start), members: members);
    }

    private JsonValue ParseArray(TextPlace start)
    {
        Enter();
        var items = new List<JsonValue>();
        offset++;
        SkipWhiteSpace();
        while (!TryTake(']'))
        {
            if (items.Count > 0)
            {
                Expect(',');
                SkipWhiteSpace();
            }
            items.Add(ParseValue());
            SkipWhiteSpace();
        }
        depth--;
        return new JsonValue(JsonKind.Array, string.Empty, Since(start), items: items);
    }

    private JsonValue ParseLiteral(string literal, JsonKind kind, TextPlace start)
    {
        if (string.CompareOrdinal(text, offset, literal, 0, literal.Length) != 0)
        {
            throw Error("not a JSON value");
        }
        offset += literal.Length;
        return new JsonValue(kind, literal, Since(start));
    }

    private JsonValue ParseNumber(TextPlace start)
    {
        var first = offset;
        TryTake('-');
        if (!TryTake('0'))
        {
            TakeDigits();
        }
        if (TryTake('.'))
        {
            TakeDigits();
        }
        if (TryTake('e') || TryTake('E'))
        {
            if (!TryTake('+'))
            {
                TryTake('-');
            }
            TakeDigits();
        }
        return new JsonValue(JsonKind.Number, text.Substring(first, offset - first), Since(start));
    }

    private void TakeDigits()
    {
        var first = offset;
        while (offset < text.Length && text[offset] >= '0' && text[offset] <= '9')
        {
            offset++;
        }
        if (offset == first)
        {
            throw Error("not a JSON value");
        }
    }

    private string ParseString()
    {
        var content = new StringBuilder();
        offset++;
        while (true)
        {
            if (offset >= text.Length || text[offset] < ' ')
            {
                throw Error("a string is not closed");
            }
            var c = text[offset++];
            if (c == '"')
            {
                return content.ToString();
            }
            content.Append(c == '\\' ? ParseEscape() : c);
        }
    }

    private char ParseEscape()
    {
        var c = offset < text.Length ? text[offset++] : '\0';
        switch (c)
        {
            case '"':
            case '\\':
            case '/':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u' when offset + 4 <= text.Length:
                var unit = 0;
                for (var end = offset + 4; offset < end; offset++)
                {
                    unit = (unit << 4) | HexDigit(text[offset]);
                }
                return (char)unit;
            default:
                throw Error("an escape in a string is not valid");
        }
    }

    private int HexDigit(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        >= 'A' and <= 'F' => c - 'A' + 10,
        _ => throw Error("an escape in a string is not valid"),
    };

    private void Enter()
    {
        if (++depth > MaximumDepth)
        {
            throw Error($"nested deeper than {MaximumDepth}");
        }
    }

    private bool TryTake(char c)
    {
        if (offset < text.Length && text[offset] == c)
        {
            offset++;
            return true;
        }
        return false;
    }

    private void Expect(char c)
    {
        if (!TryTake(c))
        {
            throw Error($"'{c}' is missing");
        }
    }

    private void SkipWhiteSpace()
    {
        while (offset < text.Length && text[offset] is ' ' or '\t' or '\r' or '\n')
        {
            if (text[offset] == '\n')
            {
                line++;
                lineStart = offset + 1;
            }
            offset++;
        }
    }

    private TextPlace Here() => new(offset, 0, line, offset - lineStart);

    // A value that spans lines is marked at its first character: an editor underlines one token, not half the file.
    private TextPlace Since(TextPlace start) =>
        new(start.Offset, start.Line == line ? offset - start.Offset : 1, start.Line, start.Column);

    private AvroSchemaException Error(string reason) =>
        new(reason, source, new TextPlace(
            Math.Min(offset, text.Length), offset < text.Length ? 1 : 0, line, offset - lineStart));
}
