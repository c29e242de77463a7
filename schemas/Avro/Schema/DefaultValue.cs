using System.Globalization;

namespace Alloc.Schemas.Avro;

/// <summary>
/// Checks that the default of a field is a value of the field's type (specification 1.11, "Complex Types").
/// </summary>
internal static class DefaultValue
{
    /// <exception cref="AvroSchemaException">It is not; the place is that of the value that does not fit.</exception>
    public static void Validate(JsonValue value, AvroSchema schema, string? source)
    {
        var isValid = schema.Type switch
        {
            AvroType.Null => value.Kind == JsonKind.Null,
            AvroType.Boolean => value.Kind == JsonKind.Boolean,
            AvroType.Int => value.Kind == JsonKind.Number
                && int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            AvroType.Long => value.Kind == JsonKind.Number
                && long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            AvroType.Float or AvroType.Double => value.Kind == JsonKind.Number,
            AvroType.Bytes => value.Kind == JsonKind.String && value.Text.All(c => c <= 0xff),
            AvroType.String => value.Kind == JsonKind.String,
            AvroType.Fixed => value.Kind == JsonKind.String && value.Text.All(c => c <= 0xff)
                && value.Text.Length == ((FixedSchema)schema).Size,
            AvroType.Enum => value.Kind == JsonKind.String && ((EnumSchema)schema).IndexOf(value.Text) >= 0,
            AvroType.Array => value.Kind == JsonKind.Array,
            AvroType.Map or AvroType.Record => value.Kind == JsonKind.Object,
            _ => ((UnionSchema)schema).Branches.Count > 0,
        };
        if (!isValid)
        {
            throw new AvroSchemaException(
                $"the default {value} is not a value of type {Describe(schema)}", source, value.Place);
        }
        switch (schema)
        {
            case ArraySchema array:
                foreach (var item in value.Items)
                {
                    Validate(item, array.Items, source);
                }
                break;
            case MapSchema map:
                foreach (var member in value.Members)
                {
                    Validate(member.Value, map.Values, source);
                }
                break;
            case RecordSchema record:
                foreach (var field in record.Fields)
                {
                    var member = value.Find(field.Name) ?? field.Default ?? throw new AvroSchemaException(
                        $"the default has no value for field \"{field.Name}\"", source, value.Place);
                    Validate(member, field.Schema, source);
                }
                break;
            case UnionSchema union:
                // A union's default is a value of its first branch.
                Validate(value, union.Branches[0], source);
                break;
            default:
                break;
        }
    }

    private static string Describe(AvroSchema schema) =>
        schema is NamedSchema named ? named.FullName : schema.Type.ToString().ToLowerInvariant();
}
