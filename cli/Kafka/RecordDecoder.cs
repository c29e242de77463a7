using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Client;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Alloc.Web.Json;
using Confluent.Kafka;

namespace Alloc.Cli.Kafka;

/// <summary>
/// Shows any record: Avro in Confluent framing with the schema that the registry has for it, else text, else base64.
/// What cannot be decoded is shown as it is, with the reason; a look at a topic never fails over one record.
/// </summary>
internal sealed class RecordDecoder(AllocClientOptions settings, TimeProvider time) : IDisposable
{
    private const int FrameSize = 5;
    private const int HexLimit = 1_024;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private readonly GuardedRegistryClient registry = Registries.Client(settings, time);
    private readonly Dictionary<int, AvroSchema?> schemas = [];

    /// <summary>The value of a record as JSON; null for a null value.</summary>
    public async Task<JsonNode?> ValueAsync(ReadOnlyMemory<byte>? value, CancellationToken cancellation)
    {
        if (value is not { } bytes)
        {
            return null;
        }
        if (bytes.Length < FrameSize || bytes.Span[0] != 0)
        {
            return Plain(bytes.Span);
        }
        var id = BinaryPrimitives.ReadInt32BigEndian(bytes.Span[1..]);
        var schema = await SchemaAsync(id, cancellation).ConfigureAwait(false);
        if (schema is null)
        {
            return Undecoded(bytes.Span, $"the registry has no schema {id}");
        }
        try
        {
            return AvroJson.Read(schema, bytes.Span[FrameSize..]);
        }
        catch (AvroException e)
        {
            return Undecoded(bytes.Span, e.Message);
        }
    }

    /// <summary>
    /// As much of a value as can be read, and where it ends: <c>format</c> (avro, text, bytes), <c>schemaId</c>,
    /// <c>schema</c>, <c>value</c>; where it breaks <c>problem</c>, <c>position</c> (the byte of the whole value, from
    /// 0), <c>field</c>, <c>hex</c> (the first bytes, at most 1,024). Null for a null value.
    /// </summary>
    public async Task<JsonObject?> PartAsync(ReadOnlyMemory<byte>? value, CancellationToken cancellation)
    {
        if (value is not { } bytes)
        {
            return null;
        }
        if (bytes.Length < FrameSize || bytes.Span[0] != 0)
        {
            var unframed = Broken("bytes", bytes.Span, 0, null, bytes.Length < FrameSize
                ? $"{bytes.Length} bytes are too few for a schema's id"
                : $"its first byte is {bytes.Span[0]}, and 0 where a schema's id follows");
            if (bytes.Length > 0 && Plain(bytes.Span) is var plain and not JsonObject)
            {
                (unframed["format"], unframed["value"]) = ("text", plain);
            }
            return unframed;
        }
        var id = BinaryPrimitives.ReadInt32BigEndian(bytes.Span[1..]);
        var schema = await SchemaAsync(id, cancellation).ConfigureAwait(false);
        if (schema is null)
        {
            var unknown = Broken("avro", bytes.Span, 1, null, $"the registry has no schema {id}");
            unknown["schemaId"] = id;
            return unknown;
        }
        var read = AvroJson.ReadPart(schema, bytes.Span[FrameSize..], out var broken);
        var part = broken is null ? new JsonObject { ["format"] = "avro" }
            : Broken("avro", bytes.Span, FrameSize + broken.Position, broken.Path, broken.Reason);
        part["schemaId"] = id;
        part["schema"] = schema is NamedSchema named ? named.FullName : schema.Type.ToString();
        part["value"] = read;
        return part;
    }

    /// <summary>A record with everything that is known of it.</summary>
    public async Task<JsonObject> RecordAsync(ConsumeResult<byte[]?, byte[]?> record, CancellationToken cancellation)
    {
        var shown = new JsonObject
        {
            ["topic"] = record.Topic,
            ["partition"] = record.Partition.Value,
            ["offset"] = record.Offset.Value,
            ["timestamp"] = AvroJson.Time(record.Message.Timestamp.UnixTimestampMs),
            ["key"] = record.Message.Key is { } key ? Plain(key) : null,
        };
        if (record.Message.Headers is { Count: > 0 } headers)
        {
            shown["headers"] = new JsonArray([.. headers.Select(h => (JsonNode)new JsonObject
            {
                ["key"] = h.Key,
                ["value"] = h.GetValueBytes() is { } bytes ? Plain(bytes) : null,
            })]);
        }
        shown["value"] = await ValueAsync(record.Message.Value, cancellation).ConfigureAwait(false);
        return shown;
    }

    public void Dispose() => registry.Dispose();

    private async ValueTask<AvroSchema?> SchemaAsync(int id, CancellationToken cancellation)
    {
        if (schemas.TryGetValue(id, out var known))
        {
            return known;
        }
        AvroSchema? schema;
        try
        {
            schema = await registry.GetAvroSchemaAsync(id).WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (AvroException)
        {
            schema = null;
        }
        schemas[id] = schema;
        return schema;
    }

    private static JsonObject Broken(
        string format, ReadOnlySpan<byte> bytes, int position, string? field, string problem) => new()
        {
            ["format"] = format,
            ["problem"] = problem,
            ["position"] = position,
            ["field"] = field,
            ["hex"] = Convert.ToHexStringLower(bytes[..Math.Min(bytes.Length, HexLimit)]),
        };

    private static JsonObject Undecoded(ReadOnlySpan<byte> bytes, string reason) => new JsonObject
    {
        ["undecoded"] = reason,
        ["base64"] = Convert.ToBase64String(bytes),
    };

    /// <summary>Bytes as text, or as base64 where they are none.</summary>
    public static JsonNode Plain(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var text = StrictUtf8.GetString(bytes);
            if (!text.Any(c => char.IsControl(c) && c is not '\n' and not '\t'))
            {
                return text;
            }
        }
        catch (DecoderFallbackException)
        {
            // Not text: shown as base64.
        }
        return new JsonObject { ["base64"] = Convert.ToBase64String(bytes) };
    }
}
