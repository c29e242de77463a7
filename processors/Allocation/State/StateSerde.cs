using System.Buffers;
using System.Buffers.Binary;
using Alloc.Engine.Processing;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Catalogue;

namespace Alloc.Processors.Allocation.State;

/// <summary>
/// Values of stores: the fingerprint of the schema (8 bytes, little-endian, as Avro's single-object encoding has it),
/// then the value in Avro's binary encoding. A value of an earlier version is read through its schema.
/// </summary>
/// <typeparam name="T">A generated record.</typeparam>
public sealed class StateSerde<T> : ISerde<T>
    where T : class, IAvroRecord<T>
{
    [ThreadStatic]
    private static AvroWriter? threadWriter;

    private static readonly Lazy<IReadOnlyList<AvroSchema>> Released =
        new(() => ReleasedSchemas.Of(((RecordSchema)T.Schema).FullName));

    private readonly ulong fingerprint = T.Schema.Fingerprint;
    private readonly Dictionary<ulong, AvroResolver> earlier = [];

    /// <summary>Reads what any released version wrote.</summary>
    /// <param name="earlierSchemas">Schemas of other versions that state may have been written with.</param>
    public StateSerde(params AvroSchema[] earlierSchemas)
    {
        foreach (var schema in Released.Value.Concat(earlierSchemas).Where(s => s.Fingerprint != fingerprint))
        {
            earlier[schema.Fingerprint] = AvroResolver.Create(schema, T.Schema);
        }
    }

    /// <inheritdoc/>
    public void Serialize(T value, IBufferWriter<byte> output)
    {
        var writer = threadWriter ??= new AvroWriter();
        writer.Clear();
        value.Write(writer);
        var span = output.GetSpan(sizeof(ulong) + writer.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(span, fingerprint);
        writer.WrittenSpan.CopyTo(span[sizeof(ulong)..]);
        output.Advance(sizeof(ulong) + writer.Length);
    }

    /// <inheritdoc/>
    /// <exception cref="StreamsException">The value is damaged, or of a version that is not known.</exception>
    public T Deserialize(ReadOnlySpan<byte> data)
    {
        try
        {
            var writtenWith = data.Length >= sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(data) : 0;
            if (writtenWith == fingerprint)
            {
                var reader = new AvroReader(data[sizeof(ulong)..]);
                var value = T.Read(ref reader);
                reader.EnsureEnd();
                return value;
            }
            return earlier.TryGetValue(writtenWith, out var resolver)
                ? resolver.Read<T>(data[sizeof(ulong)..])
                : throw new TaskCorruptedException(
                    $"State holds a {typeof(T).Name} of schema {writtenWith:x16}, which this version does not know; it "
                    + "is restored from the journal.");
        }
        catch (AvroException error)
        {
            throw new TaskCorruptedException($"State holds a damaged {typeof(T).Name}: {error.Message}", error);
        }
    }
}
