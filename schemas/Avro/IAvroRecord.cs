namespace Alloc.Schemas.Avro;

/// <summary>A type generated from a record's schema.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
public interface IAvroRecord<TSelf>
    where TSelf : class, IAvroRecord<TSelf>
{
    /// <summary>The schema, self-contained; <see cref="AvroSchema.ToString"/> is its text.</summary>
    static abstract AvroSchema Schema { get; }

    /// <summary>Reads one value written with <see cref="Schema"/>; bytes after it are left.</summary>
    /// <exception cref="AvroException">The bytes are not such a value.</exception>
    static abstract TSelf Read(ref AvroReader reader);

    /// <summary>Writes the value in Avro's binary encoding.</summary>
    void Write(AvroWriter writer);

    /// <summary>
    /// Writes what identifies the value's content, for hashes: the fields in schema order, each preceded by its name,
    /// those equal to their default left out, an empty name at the end. A field with a default that is added to the
    /// schema later does not change it. Symbols and union branches go by name, maps in the order of their keys. It
    /// cannot be read back.
    /// </summary>
    void WriteNonDefaultFields(AvroWriter writer);
}

/// <summary>The type null as a value: what a field has that can only be null.</summary>
public readonly record struct AvroNull;
