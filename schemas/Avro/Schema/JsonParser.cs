using System.Text;

namespace Alloc.Schemas.Avro;

/// <summary>A strict JSON parser (RFC 8259) that keeps the place of every value and bounds the depth.</summary>
internal sealed class JsonParser(string text, string? source)
{
    private const int MaximumDepth = 128;

    private int _offset;
    private int _line;
    private int _lineStart;
    private int _depth;

    public JsonValue ParseDocument()
    {
        if (text.Length > 0 && text[0] == '\ufeff')
        {
            _offset = 1;
        }
        SkipWhiteSpace();
        var value = ParseValue();
        SkipWhiteSpace();
        if (_offset < text.Length)
        {
            throw Error("text after the end of the JSON value");
        }
        return value;
    }

    private JsonValue ParseValue()
    {
        var start = Here();
        if (_offset >= text.Length)
        {
            throw Error("the JSON text ends too early");
        }
        switch (text[_offset])
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
        _offset++;
        SkipWhiteSpace();
        while (!TryTake('}'))
        {
            if (members.Count > 0)
            {
                Expect(',');
                SkipWhiteSpace();
            }
            if (_offset >= text.Length || text[_offset] != '"')
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
        _depth--;
        return new JsonValue(JsonKind.Object, string.Empty, Since(start), members: members);
    }

    private JsonValue ParseArray(TextPlace start)
    {
        Enter();
        var items = new List<JsonValue>();
        _offset++;
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
        _depth--;
        return new JsonValue(JsonKind.Array, string.Empty, Since(start), items: items);
    }

    private JsonValue ParseLiteral(string literal, JsonKind kind, TextPlace start)
    {
        if (string.CompareOrdinal(text, _offset, literal, 0, literal.Length) != 0)
        {
            throw Error("not a JSON value");
        }
        _offset += literal.Length;
        return new JsonValue(kind, literal, Since(start));
    }

    private JsonValue ParseNumber(TextPlace start)
    {
        var first = _offset;
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
        return new JsonValue(JsonKind.Number, text.Substring(first, _offset - first), Since(start));
    }

    private void TakeDigits()
    {
        var first = _offset;
        while (_offset < text.Length && text[_offset] >= '0' && text[_offset] <= '9')
        {
            _offset++;
        }
        if (_offset == first)
        {
            throw Error("not a JSON value");
        }
    }

    private string ParseString()
    {
        var content = new StringBuilder();
        _offset++;
        while (true)
        {
            if (_offset >= text.Length || text[_offset] < ' ')
            {
                throw Error("a string is not closed");
            }
            var c = text[_offset++];
            if (c == '"')
            {
                return content.ToString();
            }
            content.Append(c == '\\' ? ParseEscape() : c);
        }
    }

    private char ParseEscape()
    {
        var c = _offset < text.Length ? text[_offset++] : '\0';
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
            case 'u' when _offset + 4 <= text.Length:
                var unit = 0;
                for (var end = _offset + 4; _offset < end; _offset++)
                {
                    unit = (unit << 4) | HexDigit(text[_offset]);
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
        if (++_depth > MaximumDepth)
        {
            throw Error($"nested deeper than {MaximumDepth}");
        }
    }

    private bool TryTake(char c)
    {
        if (_offset < text.Length && text[_offset] == c)
        {
            _offset++;
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
        while (_offset < text.Length && text[_offset] is ' ' or '\t' or '\r' or '\n')
        {
            if (text[_offset] == '\n')
            {
                _line++;
                _lineStart = _offset + 1;
            }
            _offset++;
        }
    }

    private TextPlace Here() => new(_offset, 0, _line, _offset - _lineStart);

    // A value that spans lines is marked at its first character: an editor underlines one token, not half the file.
    private TextPlace Since(TextPlace start) =>
        new(start.Offset, start.Line == _line ? _offset - start.Offset : 1, start.Line, start.Column);

    private AvroSchemaException Error(string reason) =>
        new(reason, source, new TextPlace(
            Math.Min(_offset, text.Length), _offset < text.Length ? 1 : 0, _line, _offset - _lineStart));
}
