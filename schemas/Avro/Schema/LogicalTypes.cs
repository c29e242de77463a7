using System.Globalization;

namespace Alloc.Schemas.Avro;

/// <summary>Which logical types are known, and on which types beneath (specification 1.11, "Logical Types").</summary>
internal static class LogicalTypes
{
    /// <summary>The largest precision of a decimal that a C# decimal can hold.</summary>
    public const int MaximumPrecision = 28;

    /// <summary>
    /// Notes the logical type that the JSON names; one that does not fit is ignored, as the specification asks.
    /// </summary>
    public static AvroSchema Annotate(AvroSchema schema, JsonValue json)
    {
        var logicalType = (json.Find("logicalType")?.Text, schema.Type) switch
        {
            ("date", AvroType.Int) => AvroLogicalType.Date,
            ("time-millis", AvroType.Int) => AvroLogicalType.TimeMillis,
            ("time-micros", AvroType.Long) => AvroLogicalType.TimeMicros,
            ("timestamp-millis", AvroType.Long) => AvroLogicalType.TimestampMillis,
            ("timestamp-micros", AvroType.Long) => AvroLogicalType.TimestampMicros,
            ("uuid", AvroType.String) => AvroLogicalType.Uuid,
            ("decimal", AvroType.Bytes or AvroType.Fixed) => AvroLogicalType.Decimal,
            _ => AvroLogicalType.None,
        };
        if (logicalType == AvroLogicalType.Decimal)
        {
            var precision = Number(json, "precision") ?? 0;
            var scale = json.Find("scale") is null ? 0 : Number(json, "scale") ?? -1;
            if (precision < 1 || scale < 0 || scale > precision)
            {
                return schema;
            }
            schema.Precision = precision;
            schema.Scale = scale;
        }
        schema.LogicalType = logicalType;
        return schema;
    }

    private static int? Number(JsonValue json, string member) =>
        json.Find(member) is { Kind: JsonKind.Number } value
        && int.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
