using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Schemas.Avro;
using JsonValue = System.Text.Json.Nodes.JsonValue;

namespace Alloc.Web.Json;

/// <summary>
/// Avro values as JSON for people and scripts: fields by their contract's names, times as ISO 8601 in UTC, bytes as
/// base64. A union of several records shows which one it is in a member <c>type</c>; it is not Avro's own JSON
/// encoding.
/// </summary>
public static partial class AvroJson
{
    private const int MaximumDepth = 64;

    /// <summary>Reads the whole of <paramref name="body"/> as one value of the schema.</summary>
    /// <exception cref="AvroException">The bytes are no such value.</exception>
    public static JsonNode? Read(AvroSchema schema, ReadOnlySpan<byte> body)
    {
        var reader = new AvroReader(body);
        var value = Read(schema, ref reader, 0);
        reader.EnsureEnd();
        return value;
    }

    /// <summary>A generated record as JSON, through its own encoding.</summary>
    public static JsonObject Of<T>(T record)
        where T : class, IAvroRecord<T>
    {
        var writer = new AvroWriter();
        record.Write(writer);
        return Read(T.Schema, writer.WrittenSpan)!.AsObject();
    }

    /// <summary>A time as this format writes it.</summary>
    public static string Time(long ms) =>
        ms is >= -62135596800000 and <= 253402300799999
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
                .ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)
            : ms.ToString(CultureInfo.InvariantCulture);

    private static JsonNode? Read(AvroSchema schema, ref AvroReader reader, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new AvroException($"Nested deeper than {MaximumDepth} levels.");
        }
        return schema.Type switch
        {
            AvroType.Null => null,
            AvroType.Boolean => reader.ReadBoolean(),
            AvroType.Int => Int(schema, ref reader),
            AvroType.Long => Long(schema, ref reader),
            AvroType.Float => Number(reader.ReadFloat()),
            AvroType.Double => Number(reader.ReadDouble()),
            AvroType.String => reader.ReadString(),
            AvroType.Bytes => schema.LogicalType == AvroLogicalType.Decimal
                ? reader.ReadDecimal(schema.Scale)
                : Convert.ToBase64String(reader.ReadLengthPrefixed()),
            AvroType.Fixed => Convert.ToBase64String(reader.ReadFixed(((FixedSchema)schema).Size).Span),
            AvroType.Enum => ((EnumSchema)schema).Symbols[reader.ReadEnum(((EnumSchema)schema).Symbols.Count)],
            AvroType.Record => Record((RecordSchema)schema, ref reader, depth),
            AvroType.Array => Items((ArraySchema)schema, ref reader, depth),
            AvroType.Map => Entries((MapSchema)schema, ref reader, depth),
            _ => Branch((UnionSchema)schema, ref reader, depth),
        };
    }

    private static JsonNode Int(AvroSchema schema, ref AvroReader reader) => schema.LogicalType switch
    {
        AvroLogicalType.Date => reader.ReadDate().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        AvroLogicalType.TimeMillis => reader.ReadTimeMillis().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture),
        _ => reader.ReadInt(),
    };

    private static JsonNode Long(AvroSchema schema, ref AvroReader reader) => schema.LogicalType switch
    {
        AvroLogicalType.TimestampMillis => Time(reader.ReadLong()),
        _ => reader.ReadLong(),
    };

    private static JsonValue Number(double value) =>
        double.IsFinite(value)
            ? JsonValue.Create(value)
            : JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));

    private static JsonObject Record(RecordSchema schema, ref AvroReader reader, int depth)
    {
        var value = new JsonObject();
        foreach (var field in schema.Fields)
        {
            value[field.Name] = Read(field.Schema, ref reader, depth + 1);
        }
        return value;
    }

    private static JsonArray Items(ArraySchema schema, ref AvroReader reader, int depth)
    {
        var value = new JsonArray();
        for (var count = reader.ReadBlock(0, out var end); count > 0; count = reader.ReadBlock(0, out end))
        {
            for (var i = 0; i < count; i++)
            {
                value.Add(Read(schema.Items, ref reader, depth + 1));
            }
            reader.EndBlock(end);
        }
        return value;
    }

    private static JsonObject Entries(MapSchema schema, ref AvroReader reader, int depth)
    {
        var value = new JsonObject();
        for (var count = reader.ReadBlock(1, out var end); count > 0; count = reader.ReadBlock(1, out end))
        {
            for (var i = 0; i < count; i++)
            {
                var key = reader.ReadString();
                value[key] = Read(schema.Values, ref reader, depth + 1);
            }
            reader.EndBlock(end);
        }
        return value;
    }

    private static JsonNode? Branch(UnionSchema schema, ref AvroReader reader, int depth)
    {
        var branch = schema.Branches[reader.ReadUnionIndex(schema.Branches.Count)];
        var value = Read(branch, ref reader, depth + 1);
        if (branch is not RecordSchema record || schema.Branches.Count(b => b.Type == AvroType.Record) < 2)
        {
            return value;
        }
        var named = new JsonObject { ["type"] = record.Name };
        foreach (var (name, member) in value!.AsObject().ToList())
        {
            value.AsObject().Remove(name);
            named[name] = member;
        }
        return named;
    }
}
