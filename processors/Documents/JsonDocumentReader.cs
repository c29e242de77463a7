using System.Text;
using System.Text.Json;

namespace Alloc.Processors.Documents;

/// <summary>Reads JSON (RFC 8259, no comments, no trailing commas) with the place of everything.</summary>
internal sealed class JsonDocumentReader(DocumentKind kind)
{
    /// <exception cref="DocumentSyntaxException">The text is no JSON.</exception>
    public DocumentNode Read(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var places = new Places(bytes);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = DocumentKind.MaximumDepth * 4 });
        try
        {
            reader.Read();
            var root = Value(ref reader, places, depth: 1);
            reader.Read();
            return root;
        }
        catch (JsonException error)
        {
            throw DocumentSyntaxException.At(
                (int)(error.LineNumber ?? 0) + 1, (int)(error.BytePositionInLine ?? 0) + 1,
                $"This is no JSON: {Reason(error)}",
                "Correct it, or write YAML (a document that does not begin with a brace is read as YAML).");
        }
    }

    private DocumentNode Value(ref Utf8JsonReader reader, Places places, int depth)
    {
        var (line, column) = places.Of(reader.TokenStartIndex);
        if (depth > DocumentKind.MaximumDepth)
        {
            throw DocumentSyntaxException.TooDeep(line, column, kind);
        }
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return new DocumentNode(NodeKind.Object, line, column, Fields: Fields(ref reader, places, depth));
            case JsonTokenType.StartArray:
                var items = new List<DocumentNode>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(Value(ref reader, places, depth + 1));
                }
                return new DocumentNode(NodeKind.List, line, column, Items: items);
            case JsonTokenType.String:
                return new DocumentNode(NodeKind.Text, line, column, Text(ref reader, line, column));
            case JsonTokenType.Number:
                return new DocumentNode(NodeKind.Number, line, column, Encoding.UTF8.GetString(reader.ValueSpan));
            case JsonTokenType.True or JsonTokenType.False:
                return new DocumentNode(NodeKind.Boolean, line, column, reader.GetBoolean() ? "true" : "false");
            default:
                return new DocumentNode(NodeKind.Null, line, column);
        }
    }

    private List<DocumentField> Fields(ref Utf8JsonReader reader, Places places, int depth)
    {
        var fields = new List<DocumentField>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var (line, column) = places.Of(reader.TokenStartIndex);
            var name = Text(ref reader, line, column);
            if (!names.Add(name))
            {
                throw DocumentSyntaxException.Twice(line, column, name);
            }
            reader.Read();
            fields.Add(new DocumentField(name, line, column, Value(ref reader, places, depth + 1)));
        }
        return fields;
    }

    private static string Text(ref Utf8JsonReader reader, int line, int column)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw DocumentSyntaxException.At(
                line, column, "The text holds half of a surrogate pair.", "Write the character itself.");
        }
    }

    private static string Reason(JsonException error)
    {
        var end = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var said = end < 0 ? error.Message : error.Message[..end];
        return said.Replace(
            " which is not supported in this mode. Change the reader options.", ".", StringComparison.Ordinal);
    }

    /// <summary>Line and column, in characters, of a byte.</summary>
    private sealed class Places(byte[] bytes)
    {
        private int line = 1;
        private int lineStart;
        private int looked;

        // Tokens come in order, so that one pass over the text is enough.
        public (int Line, int Column) Of(long index)
        {
            for (; looked < index; looked++)
            {
                if (bytes[looked] == '\n')
                {
                    line++;
                    lineStart = looked + 1;
                }
            }
            return (line, Encoding.UTF8.GetCharCount(bytes, lineStart, (int)index - lineStart) + 1);
        }
    }
}
