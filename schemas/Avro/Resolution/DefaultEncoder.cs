using System.Globalization;

namespace Alloc.Schemas.Avro;

/// <summary>Encodes the JSON default of a field, already checked against its type.</summary>
public static class DefaultEncoder
{
    /// <summary>The default of a field that has one, in Avro's binary encoding.</summary>
    public static byte[] Encode(FieldSchema field)
    {
        using var writer = new AvroWriter();
        Write(field.Default!, field.Schema, writer);
        return writer.WrittenSpan.ToArray();
    }

    private static void Write(JsonValue value, AvroSchema schema, AvroWriter writer)
    {
        switch (schema)
        {
            case RecordSchema record:
                foreach (var field in record.Fields)
                {
                    Write(value.Find(field.Name) ?? field.Default!, field.Schema, writer);
                }
                break;
            case EnumSchema symbols:
                writer.WriteLong(symbols.IndexOf(value.Text));
                break;
            case ArraySchema array:
                WriteCount(value.Items.Count, writer);
                foreach (var item in value.Items)
                {
                    Write(item, array.Items, writer);
                }
                WriteEnd(value.Items.Count, writer);
                break;
            case MapSchema map:
                WriteCount(value.Members.Count, writer);
                foreach (var member in value.Members)
                {
                    writer.WriteString(member.Key);
                    Write(member.Value, map.Values, writer);
                }
                WriteEnd(value.Members.Count, writer);
                break;
            case UnionSchema union:
                writer.WriteLong(0);
                Write(value, union.Branches[0], writer);
                break;
            default:
                WriteScalar(value, schema, writer);
                break;
        }
    }

    private static void WriteCount(int count, AvroWriter writer) => writer.WriteLong(count);

    private static void WriteEnd(int count, AvroWriter writer)
    {
        if (count > 0)
        {
            writer.WriteLong(0);
        }
    }

    private static void WriteScalar(JsonValue value, AvroSchema schema, AvroWriter writer)
    {
        switch (schema.Type)
        {
            case AvroType.Boolean:
                writer.WriteBoolean(value.Text == "true");
                break;
            case AvroType.Int:
            case AvroType.Long:
                writer.WriteLong(long.Parse(value.Text, CultureInfo.InvariantCulture));
                break;
            case AvroType.Float:
                writer.WriteFloat(float.Parse(value.Text, CultureInfo.InvariantCulture));
                break;
            case AvroType.Double:
                writer.WriteDouble(double.Parse(value.Text, CultureInfo.InvariantCulture));
                break;
            case AvroType.String:
                writer.WriteString(value.Text);
                break;
            case AvroType.Bytes:
                writer.WriteBytes(value.Text.Select(c => (byte)c).ToArray().AsSpan());
                break;
            case AvroType.Fixed:
                writer.WriteRaw(value.Text.Select(c => (byte)c).ToArray());
                break;
            default:
                break;
        }
    }
}
