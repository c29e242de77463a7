using System.Collections.Concurrent;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Client;

/// <summary>
/// Writes a contract as values of Confluent.Kafka's producers: Avro behind the id of its schema, which is registered
/// under the topic's name when the first record is written. Thread-safe; one serves any number of topics.
/// </summary>
/// <typeparam name="T">The contract, for example <c>AllocationCommand</c>.</typeparam>
/// <param name="registry">Where schemas are.</param>
public sealed class ContractSerializer<T>(ISchemaRegistryClient registry) : IAsyncSerializer<T>, ISerializer<T>
    where T : class, IAvroRecord<T>
{
    private readonly TopicSerdes<T> serdes = new(registry);

    /// <summary>Writes a record; waits for the registry before the first one of a topic.</summary>
    /// <exception cref="AvroException">The record has a value that its schema cannot express.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    /// <exception cref="RegistryRefusedException">The registry refuses the schema.</exception>
    public byte[] Serialize(T data, SerializationContext context) => serdes.Of(context.Topic).Serialize(data);

    /// <inheritdoc cref="Serialize"/>
    public async Task<byte[]> SerializeAsync(T data, SerializationContext context)
    {
        var serde = serdes.Of(context.Topic);
        if (serdes.IsNew(context.Topic))
        {
            await serde.InitializeAsync().ConfigureAwait(false);
            serdes.IsKnown(context.Topic);
        }
        return serde.Serialize(data);
    }
}

/// <summary>
/// Reads a contract from values of Confluent.Kafka's consumers, whichever registered version it was written with. A
/// deleted value is null. Thread-safe; one serves any number of topics.
/// </summary>
/// <typeparam name="T">The contract, for example <c>AllocationOutcome</c>.</typeparam>
/// <param name="registry">Where schemas are.</param>
public sealed class ContractDeserializer<T>(ISchemaRegistryClient registry) : IDeserializer<T?>
    where T : class, IAvroRecord<T>
{
    private readonly TopicSerdes<T> serdes = new(registry);

    /// <summary>Reads a record; waits for the registry where a schema is met for the first time.</summary>
    /// <exception cref="AvroException">The bytes are no record of the contract.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer; the record may be fine.</exception>
    public T? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) =>
        isNull ? null : serdes.Of(context.Topic).Deserialize(data);
}

/// <summary>One serde for each topic, since the subject of a schema is named after it.</summary>
internal sealed class TopicSerdes<T>(ISchemaRegistryClient registry)
    where T : class, IAvroRecord<T>
{
    private readonly ConcurrentDictionary<string, AvroSerde<T>> serdes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> registered = new(StringComparer.Ordinal);

    public AvroSerde<T> Of(string topic) => serdes.GetOrAdd(
        topic, name => new AvroSerde<T>(registry, ConfluentFraming.SubjectOf(name)));

    public bool IsNew(string topic) => !registered.ContainsKey(topic);

    public void IsKnown(string topic) => registered[topic] = true;
}
