using System.Buffers;
using System.Collections.Concurrent;
using Alloc.Schemas.Avro;
using Confluent.SchemaRegistry;

namespace Alloc.Schemas.Registry;

/// <summary>
/// Turns records into framed messages and back. The schema's id is resolved once; messages of another schema are read
/// through a resolver that is made once for each id. Thread-safe.
/// </summary>
/// <typeparam name="T">A generated record.</typeparam>
public sealed class AvroSerde<T>
    where T : class, IAvroRecord<T>
{
    private const int NoSchemaId = int.MinValue;

    [ThreadStatic]
    private static AvroWriter? threadWriter;

    private readonly GuardedRegistryClient registry;
    private readonly ConcurrentDictionary<int, AvroResolver> resolvers = new();
    private int schemaId = NoSchemaId;

    /// <param name="registry">The registry that ids come from; its failures are told in our words, see
    /// <see cref="GuardedRegistryClient"/>.</param>
    /// <param name="subject">The subject to register under, see <see cref="ConfluentFraming.SubjectOf"/>.</param>
    public AvroSerde(ISchemaRegistryClient registry, string subject)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentException.ThrowIfNullOrEmpty(subject);
        this.registry = GuardedRegistryClient.Over(registry);
        Subject = subject;
    }

    /// <summary>The subject that the schema is registered under.</summary>
    public string Subject { get; }

    /// <summary>Registers the schema, so that the first record does not have to wait for it.</summary>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    /// <exception cref="RegistryRefusedException">The registry holds a version that the schema is not compatible
    /// with.</exception>
    public async ValueTask<int> InitializeAsync(CancellationToken cancellationToken = default)
    {
        var schemaId = await registry.RegisterSchemaAsync(Subject, T.Schema.ForRegistry())
            .WaitAsync(cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref this.schemaId, schemaId);
        return schemaId;
    }

    /// <summary>Writes a framed message.</summary>
    /// <exception cref="AvroException">The record has a value that its schema cannot express.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    /// <exception cref="RegistryRefusedException">The registry holds a version that the schema is not compatible
    /// with.</exception>
    public void Serialize(T record, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        target.Write(Encode(record).WrittenSpan);
    }

    /// <summary>A framed message of its own.</summary>
    /// <exception cref="AvroException">The record has a value that its schema cannot express.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    /// <exception cref="RegistryRefusedException">The registry holds a version that the schema is not compatible
    /// with.</exception>
    public byte[] Serialize(T record) => Encode(record).WrittenSpan.ToArray();

    /// <summary>Reads a framed message, whichever registered schema it was written with.</summary>
    /// <exception cref="AvroException">
    /// A bad record: not framed, of an unknown or incompatible schema, malformed, or with bytes left over.
    /// </exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer; the record may be fine.</exception>
    public T Deserialize(ReadOnlySpan<byte> message)
    {
        var schemaId = ConfluentFraming.Read(message, out var value);
        if (schemaId == Volatile.Read(ref this.schemaId))
        {
            var reader = new AvroReader(value);
            var record = T.Read(ref reader);
            reader.EnsureEnd();
            return record;
        }
        var resolver = resolvers.TryGetValue(schemaId, out var known) ? known : CreateResolver(schemaId);
        return resolver.Read<T>(value);
    }

    private AvroWriter Encode(T record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var schemaId = Volatile.Read(ref this.schemaId);
        if (schemaId == NoSchemaId)
        {
            schemaId = InitializeAsync().AsTask().GetAwaiter().GetResult();
        }
        var writer = threadWriter ??= new AvroWriter();
        writer.Clear();
        Span<byte> header = stackalloc byte[ConfluentFraming.HeaderSize];
        ConfluentFraming.WriteHeader(header, schemaId);
        writer.WriteRaw(header);
        record.Write(writer);
        return writer;
    }

    private AvroResolver CreateResolver(int schemaId)
    {
        // Records are processed synchronously on their thread; once an id is known, nothing waits.
        var writerSchema = registry.GetAvroSchemaAsync(schemaId).GetAwaiter().GetResult();
        // An incompatible schema is not remembered: its records are rare and each is a bad record of its own.
        return resolvers.GetOrAdd(schemaId, AvroResolver.Create(writerSchema, T.Schema));
    }
}
