namespace Alloc.Schemas.Avro;

/// <summary>The fewest bytes that a value of a schema takes: what a count of items is checked against.</summary>
internal static class MinimumSize
{
    private const int Limit = 1 << 20;

    public static int Of(AvroSchema schema) => (int)Math.Min(Of(schema, []), Limit);

    private static long Of(AvroSchema schema, HashSet<RecordSchema> open)
    {
        switch (schema)
        {
            case RecordSchema record:
                if (!open.Add(record))
                {
                    return 0;
                }
                var size = 0L;
                foreach (var field in record.Fields)
                {
                    size = Math.Min(size + Of(field.Schema, open), Limit);
                }
                open.Remove(record);
                return size;
            case FixedSchema fixedSize:
                return fixedSize.Size;
            default:
                return schema.Type switch
                {
                    AvroType.Null => 0,
                    AvroType.Float => sizeof(float),
                    AvroType.Double => sizeof(double),
                    _ => 1,
                };
        }
    }
}
