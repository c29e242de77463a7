namespace Alloc.Schemas.Avro;

/// <summary>The types of the Avro 1.11 specification.</summary>
public enum AvroType
{
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Record,
    Enum,
    Fixed,
    Array,
    Map,
    Union,
}

/// <summary>
/// The logical types that have a C# type of their own here; any other is read as the type beneath it.
/// </summary>
public enum AvroLogicalType
{
    None,

    /// <summary>int, days since 1970-01-01.</summary>
    Date,

    /// <summary>int, milliseconds since midnight.</summary>
    TimeMillis,

    /// <summary>long, microseconds since midnight.</summary>
    TimeMicros,

    /// <summary>long, milliseconds since 1970-01-01T00:00Z.</summary>
    TimestampMillis,

    /// <summary>long, microseconds since 1970-01-01T00:00Z.</summary>
    TimestampMicros,

    /// <summary>
    /// bytes or fixed, a big-endian two's complement integer divided by 10 to the power of the scale.
    /// </summary>
    Decimal,

    /// <summary>string, an RFC 4122 text.</summary>
    Uuid,
}
