using System.Globalization;
using System.Text.Json;
using Alloc.Processors.Notation;
using Alloc.Schemas.Avro;

namespace Alloc.Web.Json;

/// <summary>
/// Writes JSON as a value of an Avro schema: the form that <see cref="AvroJson"/> shows. Fields that are left out take
/// their defaults; what the schema does not know is refused with its path, never dropped.
/// </summary>
public static class AvroJsonWriter
{
    private const int MaximumDepth = 64;

    /// <summary>The value in Avro's binary encoding.</summary>
    /// <param name="schema">What it is written as.</param>
    /// <param name="json">The value.</param>
    /// <exception cref="AvroException">It is no such value; the message begins with the path.</exception>
    public static byte[] Write(AvroSchema schema, JsonElement json)
    {
        ArgumentNullException.ThrowIfNull(schema);
        using var writer = new AvroWriter();
        try
        {
            Write(schema, json, writer, "value", 0);
        }
        catch (InvalidOperationException e)
        {
            // How System.Text.Json says that an escape has no counterpart.
            throw new AvroException("A text has half a surrogate pair, which UTF-8 cannot express.", e);
        }
        return writer.WrittenSpan.ToArray();
    }

    private static void Write(AvroSchema schema, JsonElement json, AvroWriter writer, string path, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new AvroException($"{path}: nested deeper than {MaximumDepth} levels.");
        }
        switch (schema)
        {
            case RecordSchema record:
                Record(record, json, writer, path, depth);
                break;
            case EnumSchema symbols:
                var index = symbols.IndexOf(Text(json, path, "one of " + string.Join(", ", symbols.Symbols)));
                writer.WriteLong(index >= 0
                    ? index
                    : throw Wrong(json, path, $"none of {string.Join(", ", symbols.Symbols)}"));
                break;
            case ArraySchema array:
                Items(array, json, writer, path, depth);
                break;
            case MapSchema map:
                Entries(map, json, writer, path, depth);
                break;
            case UnionSchema union:
                Branch(union, json, writer, path, depth);
                break;
            default:
                Scalar(schema, json, writer, path);
                break;
        }
    }

    private static void Record(RecordSchema schema, JsonElement json, AvroWriter writer, string path, int depth)
    {
        Require(json, JsonValueKind.Object, path, $"an object, {schema.Name}");
        foreach (var member in json.EnumerateObject())
        {
            if (schema.Fields.All(f => f.Name != member.Name))
            {
                throw new AvroException(
                    $"{path}.{member.Name} is not known; {schema.Name} has "
                    + $"{string.Join(", ", schema.Fields.Select(f => f.Name))}.");
            }
        }
        foreach (var field in schema.Fields)
        {
            if (json.TryGetProperty(field.Name, out var value))
            {
                Write(field.Schema, value, writer, $"{path}.{field.Name}", depth + 1);
            }
            else if (field.Default is not null)
            {
                writer.WriteRaw(DefaultEncoder.Encode(field));
            }
            else
            {
                throw new AvroException($"{path}.{field.Name} is missing, and has no default.");
            }
        }
    }

    private static void Items(ArraySchema schema, JsonElement json, AvroWriter writer, string path, int depth)
    {
        Require(json, JsonValueKind.Array, path, "an array");
        var count = json.GetArrayLength();
        if (count > 0)
        {
            writer.WriteLong(count);
            var index = 0;
            foreach (var item in json.EnumerateArray())
            {
                Write(schema.Items, item, writer, $"{path}[{index++}]", depth + 1);
            }
        }
        writer.WriteLong(0);
    }

    private static void Entries(MapSchema schema, JsonElement json, AvroWriter writer, string path, int depth)
    {
        Require(json, JsonValueKind.Object, path, "an object, a map");
        var entries = json.EnumerateObject().ToList();
        if (entries.Count > 0)
        {
            writer.WriteLong(entries.Count);
            foreach (var entry in entries)
            {
                writer.WriteString(entry.Name);
                Write(schema.Values, entry.Value, writer, $"{path}.{entry.Name}", depth + 1);
            }
        }
        writer.WriteLong(0);
    }

    /// <summary>Null is the null branch; of several records <c>type</c> says which; else the first that fits.</summary>
    private static void Branch(UnionSchema union, JsonElement json, AvroWriter writer, string path, int depth)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            writer.WriteLong(union.NullIndex >= 0 ? union.NullIndex : throw Wrong(json, path, "no branch"));
            return;
        }
        var branches = union.Branches.Select((b, i) => (Schema: b, Index: i)).Where(b => b.Index != union.NullIndex)
            .ToList();
        if (branches.Count(b => b.Schema is RecordSchema) > 1 && json.ValueKind == JsonValueKind.Object)
        {
            Named(branches, json, writer, path, depth);
            return;
        }
        if (branches.Count == 1)
        {
            writer.WriteLong(branches[0].Index);
            Write(branches[0].Schema, json, writer, path, depth + 1);
            return;
        }
        var problems = new List<string>();
        foreach (var (schema, index) in branches)
        {
            using var trial = new AvroWriter();
            try
            {
                Write(schema, json, trial, path, depth + 1);
                writer.WriteLong(index);
                writer.WriteRaw(trial.WrittenSpan);
                return;
            }
            catch (AvroException e)
            {
                problems.Add(e.Message);
            }
        }
        throw new AvroException($"{path} is no branch of the union: {string.Join(" ", problems)}");
    }

    private static void Named(
        List<(AvroSchema Schema, int Index)> branches, JsonElement json, AvroWriter writer, string path, int depth)
    {
        var names = string.Join(", ", branches.Select(b => b.Schema).OfType<RecordSchema>().Select(r => r.Name));
        var type = json.TryGetProperty("type", out var named) && named.ValueKind == JsonValueKind.String
            ? named.GetString()
            : throw new AvroException($"{path}.type is missing: it says which one it is, {names}.");
        var (schema, index) = branches.FirstOrDefault(b => b.Schema is RecordSchema r && r.Name == type);
        if (schema is not RecordSchema record)
        {
            throw new AvroException($"{path}.type: '{type}' is none of {names}.");
        }
        writer.WriteLong(index);
        var body = json;
        if (record.Fields.All(f => f.Name != "type"))
        {
            using var stripped = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(
                json.EnumerateObject().Where(m => m.Name != "type").ToDictionary(m => m.Name, m => m.Value)));
            body = stripped.RootElement.Clone();
        }
        Record(record, body, writer, path, depth + 1);
    }

    private static void Scalar(AvroSchema schema, JsonElement json, AvroWriter writer, string path)
    {
        switch (schema.Type)
        {
            case AvroType.Null:
                Require(json, JsonValueKind.Null, path, "null");
                break;
            case AvroType.Boolean:
                writer.WriteBoolean(json.ValueKind is JsonValueKind.True or JsonValueKind.False
                    ? json.GetBoolean()
                    : throw Wrong(json, path, "neither true nor false"));
                break;
            case AvroType.Int:
                Int(schema, json, writer, path);
                break;
            case AvroType.Long:
                writer.WriteLong(schema.LogicalType == AvroLogicalType.TimestampMillis
                        && json.ValueKind == JsonValueKind.String
                    ? Time(json, path)
                    : Whole(json, path, long.MinValue, long.MaxValue));
                break;
            case AvroType.Float:
                writer.WriteFloat((float)Number(json, path));
                break;
            case AvroType.Double:
                writer.WriteDouble(Number(json, path));
                break;
            case AvroType.String:
                writer.WriteString(Text(json, path, "a text"));
                break;
            case AvroType.Bytes when schema.LogicalType == AvroLogicalType.Decimal:
                writer.WriteDecimal(
                    json.ValueKind == JsonValueKind.Number && json.TryGetDecimal(out var amount)
                        ? amount
                        : throw Wrong(json, path, "no decimal number"),
                    schema.Precision, schema.Scale);
                break;
            case AvroType.Bytes:
                writer.WriteBytes(Bytes(json, path).AsSpan());
                break;
            case AvroType.Fixed:
                writer.WriteFixed(Bytes(json, path), ((FixedSchema)schema).Size);
                break;
            default:
                throw new AvroException($"{path}: {schema.Type} is not known.");
        }
    }

    private static void Int(AvroSchema schema, JsonElement json, AvroWriter writer, string path)
    {
        switch (schema.LogicalType)
        {
            case AvroLogicalType.Date when json.ValueKind == JsonValueKind.String:
                writer.WriteDate(DateOnly.TryParseExact(
                    json.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                        ? date
                        : throw Wrong(json, path, "no date such as 2026-11-27"));
                break;
            case AvroLogicalType.TimeMillis when json.ValueKind == JsonValueKind.String:
                writer.WriteTimeMillis(TimeOnly.TryParseExact(
                    json.GetString(), "HH:mm:ss.fff", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
                        ? time
                        : throw Wrong(json, path, "no time of day such as 18:00:00.000"));
                break;
            default:
                writer.WriteLong(Whole(json, path, int.MinValue, int.MaxValue));
                break;
        }
    }

    private static long Whole(JsonElement json, string path, long least, long most) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out var number) && number >= least && number <= most
            ? number
            : throw Wrong(json, path, $"no whole number from {least} to {most}");

    private static double Number(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.Number when json.TryGetDouble(out var number) => number,
        JsonValueKind.String when double.TryParse(json.GetString(), CultureInfo.InvariantCulture, out var special)
            && !double.IsFinite(special) => special,
        _ => throw Wrong(json, path, "no number"),
    };

    private static long Time(JsonElement json, string path) =>
        TimeText.TryRead(json.GetString()!, out var ms, out var problem)
            ? ms
            : throw new AvroException($"{path}: '{json.GetString()}' {problem}.");

    private static string Text(JsonElement json, string path, string wanted)
    {
        Require(json, JsonValueKind.String, path, wanted);
        return json.GetString()!;
    }

    private static byte[] Bytes(JsonElement json, string path) =>
        json.ValueKind == JsonValueKind.String && json.TryGetBytesFromBase64(out var bytes)
            ? bytes
            : throw Wrong(json, path, "no base64");

    private static void Require(JsonElement json, JsonValueKind kind, string path, string wanted)
    {
        if (json.ValueKind != kind)
        {
            throw new AvroException($"{path}: {Shown(json)} is not {wanted}.");
        }
    }

    private static AvroException Wrong(JsonElement json, string path, string what) =>
        new($"{path}: {Shown(json)} is {what}.");

    private static string Shown(JsonElement json)
    {
        var text = json.GetRawText();
        return text.Length <= 80 ? text : $"{text[..80]}…";
    }
}
