using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Generator;

/// <summary>What a schema may say and C# cannot, and what is surely a slip.</summary>
internal static class TypeChecks
{
    public static void Check(IReadOnlyList<NamedSchema> types, TypeMap map, ICollection<AvroSchemaException> errors)
    {
        var names = new Dictionary<string, NamedSchema>(StringComparer.Ordinal);
        foreach (var type in types)
        {
            var name = map.CSharpType(type);
            if (type is not FixedSchema && names.TryGetValue(name, out var other))
            {
                errors.Add(new AvroSchemaException(
                    $"{type.FullName} and {other.FullName} would both be {name}", type.SchemaSource, type.Place));
            }
            names[name] = type;
            if (type is RecordSchema record)
            {
                CheckFields(record, errors);
            }
        }
        foreach (var union in map.Unions.Where(u => names.ContainsKey(u.FullName)))
        {
            errors.Add(Error(union.Owner, union.Field, $"the union would be named {union.Name} like another type"));
        }
    }

    public static AvroSchemaException Error(RecordSchema record, FieldSchema field, string reason) =>
        new(reason, record.SchemaSource, field.Place);

    private static void CheckFields(RecordSchema record, ICollection<AvroSchemaException> errors)
    {
        var properties = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in record.Fields)
        {
            if (!properties.Add(CSharpNames.Property(CSharpNames.Pascal(record.Name), field)))
            {
                errors.Add(Error(record, field, $"field \"{field.Name}\" has the same C# name as another field"));
            }
            CheckLogicalTypes(record, field, field.Schema, errors);
        }
    }

    private static void CheckLogicalTypes(
        RecordSchema record, FieldSchema field, AvroSchema schema, ICollection<AvroSchemaException> errors)
    {
        var named = schema.Properties.FirstOrDefault(p => p.Key == "logicalType").Value
            ?? field.Properties.FirstOrDefault(p => p.Key == "logicalType").Value;
        if (named is not null && schema.LogicalType == AvroLogicalType.None)
        {
            // The specification ignores it, and so would give a plain number where a time was meant.
            errors.Add(new AvroSchemaException(
                $"logical type \"{named.Text}\" is not known, not complete, or not beside its type",
                record.SchemaSource, named.Place));
        }
        if (schema.Precision > LogicalTypes.MaximumPrecision)
        {
            errors.Add(Error(record, field, $"a decimal has at most {LogicalTypes.MaximumPrecision} digits in C#"));
        }
        switch (schema)
        {
            case ArraySchema array:
                CheckLogicalTypes(record, field, array.Items, errors);
                break;
            case MapSchema map:
                CheckLogicalTypes(record, field, map.Values, errors);
                break;
            case UnionSchema union:
                foreach (var branch in union.Branches)
                {
                    CheckLogicalTypes(record, field, branch, errors);
                }
                break;
            default:
                break;
        }
    }
}
