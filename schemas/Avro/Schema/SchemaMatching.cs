namespace Alloc.Schemas.Avro;

/// <summary>
/// What resolution and the check of compatibility agree on (specification 1.11, "Schema Resolution").
/// </summary>
internal static class SchemaMatching
{
    /// <summary>Whether a writer's primitive may be read as another.</summary>
    public static bool IsPromotable(AvroType writer, AvroType reader) => (writer, reader) switch
    {
        (AvroType.Int, AvroType.Long or AvroType.Float or AvroType.Double) => true,
        (AvroType.Long, AvroType.Float or AvroType.Double) => true,
        (AvroType.Float, AvroType.Double) => true,
        (AvroType.String, AvroType.Bytes) => true,
        (AvroType.Bytes, AvroType.String) => true,
        _ => false,
    };

    /// <summary>Whether the names agree: the same without namespace, or one of the reader's aliases.</summary>
    public static bool NamesMatch(NamedSchema writer, NamedSchema reader) =>
        string.Equals(writer.Name, reader.Name, StringComparison.Ordinal) || reader.Aliases.Contains(writer.FullName);

    /// <summary>
    /// The writer's field that the reader's one takes its value from: of its name, else of one of its aliases.
    /// </summary>
    public static FieldSchema? FindField(RecordSchema writer, FieldSchema reader)
    {
        FieldSchema? byAlias = null;
        foreach (var field in writer.Fields)
        {
            if (string.Equals(field.Name, reader.Name, StringComparison.Ordinal))
            {
                return field;
            }
            if (byAlias is null && reader.Aliases.Contains(field.Name))
            {
                byAlias = field;
            }
        }
        return byAlias;
    }

    /// <summary>
    /// Why two logical types cannot stand for each other; null when they can. The specification would read milliseconds
    /// as microseconds and change every time a thousandfold without a word; that is refused here. A decimal may gain
    /// digits before the point, but not move it.
    /// </summary>
    public static string? LogicalTypeConflict(AvroSchema writer, AvroSchema reader)
    {
        var isConflict = writer.LogicalType != AvroLogicalType.None && reader.LogicalType != AvroLogicalType.None
            && (writer.LogicalType != reader.LogicalType || writer.Scale != reader.Scale
                || writer.Precision > reader.Precision);
        return isConflict ? $"{Describe(writer)} cannot be read as {Describe(reader)}" : null;
    }

    public static string Describe(AvroSchema schema) => schema switch
    {
        NamedSchema named => $"{named.Type.ToString().ToLowerInvariant()} {named.FullName}",
        { LogicalType: AvroLogicalType.Decimal } => $"decimal({schema.Precision}, {schema.Scale})",
        { LogicalType: not AvroLogicalType.None } =>
            $"{schema.LogicalType} on {schema.Type.ToString().ToLowerInvariant()}",
        _ => schema.Type.ToString().ToLowerInvariant(),
    };
}
