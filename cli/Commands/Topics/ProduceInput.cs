using System.Text.Json;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;
using Alloc.Web.Json;

namespace Alloc.Cli.Commands.Topics;

/// <summary>How the key of a line is found, where the line does not say it.</summary>
/// <param name="Key">The key of every record; null for none given.</param>
/// <param name="Field">The field of the value that is the key; null for the catalogue's.</param>
/// <param name="Partition">Where every record goes; null: where its key belongs.</param>
internal sealed record ProduceKeys(string? Key, string? Field, int? Partition);

/// <summary>
/// Records as lines of JSON: values alone, or <c>{"key": …, "value": …, "headers": …}</c> as <c>alloc topic tail -o
/// jsonl</c> shows them. Read as a whole before anything is written; what is wrong is said with its line and path.
/// </summary>
internal sealed class ProduceInput(ProduceTarget target, ProduceKeys keys)
{
    private const int MaximumLineCount = 100_000;
    private const int MaximumLineLength = 1 << 20;
    private const long MaximumBytes = 256L << 20;
    private const int ProblemsShown = 20;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 72, AllowDuplicateProperties = false };

    // What tail says besides; where a record stood is not where it goes.
    private static readonly string[] Envelope =
        ["key", "value", "headers", "topic", "partition", "offset", "timestamp"];

    /// <summary>The records.</summary>
    /// <param name="name">The input's name, for messages.</param>
    /// <param name="reader">Its text.</param>
    /// <exception cref="AllocException">A line is wrong; nothing may be written.</exception>
    public IReadOnlyList<ProducedRecord> Read(string name, TextReader reader)
    {
        var records = new List<ProducedRecord>();
        var problems = new List<string>();
        var (number, bytes) = (0, 0L);
        while (problems.Count < ProblemsShown && reader.ReadLine() is { } text)
        {
            number++;
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }
            bytes += text.Length;
            if (number > MaximumLineCount || bytes > MaximumBytes)
            {
                problems.Add(
                    $"{name}: more than {MaximumLineCount:N0} lines or {Bytes.Show(MaximumBytes)}; split it.");
                break;
            }
            try
            {
                records.Add(Parse(number, text));
            }
            catch (Exception e) when (e is FormatException or AvroException)
            {
                problems.Add($"{name}:{number}: {e.Message}");
            }
        }
        if (problems.Count > 0)
        {
            throw AllocException.Usage(string.Join("\n       ", problems), "Nothing was written.");
        }
        return records.Count > 0 ? records : throw AllocException.Usage(
            $"{name} has no records.", "Give a line of JSON for each: {\"key\": …, \"value\": {…}}.");
    }

    private ProducedRecord Parse(int number, string text)
    {
        if (text.Length > MaximumLineLength)
        {
            throw new FormatException($"the line has {text.Length:N0} characters, more than {MaximumLineLength:N0}.");
        }
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, Strict);
        }
        catch (JsonException e)
        {
            throw new FormatException($"this is no JSON: {e.Message}", e);
        }
        using (document)
        {
            return IsEnvelope(document.RootElement)
                ? Enveloped(number, document.RootElement)
                : Record(number, Key(document.RootElement), document.RootElement, []);
        }
    }

    private bool IsEnvelope(JsonElement line) =>
        line.ValueKind == JsonValueKind.Object && line.TryGetProperty("value", out _)
        && !(target.Schema is RecordSchema record && record.Fields.Any(f => f.Name == "value"));

    private ProducedRecord Enveloped(int number, JsonElement line)
    {
        foreach (var member in line.EnumerateObject())
        {
            if (!Envelope.Contains(member.Name))
            {
                throw new FormatException($"{member.Name} is not known beside key, value and headers.");
            }
        }
        var value = line.GetProperty("value");
        var key = !line.TryGetProperty("key", out var given) || given.ValueKind == JsonValueKind.Null
            ? Key(value)
            : given.ValueKind == JsonValueKind.String ? given.GetString()!
            : throw new FormatException("key: it is no text.");
        if (keys.Key is { } every && key != every)
        {
            throw new FormatException($"its key is {key}, --key says {every}.");
        }
        return Record(number, key, value, line.TryGetProperty("headers", out var headers) ? Headers(headers) : []);
    }

    private string? Key(JsonElement value)
    {
        if (keys.Key is not null)
        {
            return keys.Key;
        }
        if ((keys.Field ?? target.KeyField) is not { } field)
        {
            return null;
        }
        return value.ValueKind == JsonValueKind.Object && value.TryGetProperty(field, out var member)
            && member.ValueKind == JsonValueKind.String && member.GetString() is { Length: > 0 } key
                ? key
                : throw new FormatException($"it has no key: its value has no text in {field}.");
    }

    private ProducedRecord Record(
        int number, string? key, JsonElement value, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        var partition = target.Place(key, keys.Partition);
        if (value.ValueKind == JsonValueKind.Null)
        {
            return target.Definition is { Policy: CleanupPolicy.Delete }
                ? throw new FormatException($"a value of null removes a key, and {target.Topic} is not compacted.")
                : new ProducedRecord(number, key, null, null, headers, partition);
        }
        var body = AvroJsonWriter.Write(target.Schema, value);
        if (target.KeyField is { } field && value.TryGetProperty(field, out var named) && named.GetString() != key)
        {
            throw new FormatException($"its key is {key}, and its {field} is {named.GetString()}: they must be one.");
        }
        var framed = new byte[ConfluentFraming.HeaderSize + body.Length];
        ConfluentFraming.WriteHeader(framed, target.SchemaId);
        body.CopyTo(framed, ConfluentFraming.HeaderSize);
        return new ProducedRecord(number, key, framed, value.GetRawText(), headers, partition);
    }

    /// <summary>As tail shows them, <c>[{"key": …, "value": …}]</c>.</summary>
    private static List<KeyValuePair<string, string>> Headers(JsonElement headers)
    {
        if (headers.ValueKind == JsonValueKind.Null)
        {
            return [];
        }
        return headers.ValueKind != JsonValueKind.Array
            ? throw new FormatException("headers: they are an array of {\"key\": …, \"value\": …}.")
            : [.. headers.EnumerateArray().Select(h => KeyValuePair.Create(Text(h, "key"), Text(h, "value")))];

        static string Text(JsonElement header, string member) =>
            header.ValueKind == JsonValueKind.Object && header.TryGetProperty(member, out var text)
            && text.ValueKind == JsonValueKind.String
                ? text.GetString()!
                : throw new FormatException($"headers: {member} of one is no text.");
    }
}
