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

    private static JsonObject Undecoded(ReadOnlySpan<byte> bytes, string reason) => new JsonObject
    {
        ["undecoded"] = reason,
        ["base64"] = Convert.ToBase64String(bytes),
    };

    private static JsonNode Plain(ReadOnlySpan<byte> bytes)
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
