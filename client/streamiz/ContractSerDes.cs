using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Streamiz.Kafka.Net;
using Streamiz.Kafka.Net.Errors;
using Streamiz.Kafka.Net.SerDes;

namespace Alloc.Client.Streamiz;

/// <summary>
/// A contract as values of a Streamiz topology: Avro behind the id of its schema, read whichever registered version it
/// was written with, registered under the topic's name when the first one is written. A deleted value is null.
/// Thread-safe; one serves any number of topics.
/// </summary>
/// <typeparam name="T">The contract, for example <c>AllocationOutcome</c>.</typeparam>
public sealed class ContractSerDes<T> : AbstractSerDes<T?>
    where T : class, IAvroRecord<T>
{
    private ContractSerializer<T>? serializer;
    private ContractDeserializer<T>? deserializer;

    /// <summary>
    /// With the registry of the stream's configuration: <c>StreamConfig.SchemaRegistryUrl</c>, and
    /// <c>BasicAuthUserInfo</c> where it has one.
    /// </summary>
    public ContractSerDes()
    {
    }

    /// <param name="registry">Where schemas are; the caller's to dispose of.</param>
    public ContractSerDes(ISchemaRegistryClient registry) => Use(registry);

    /// <summary>Takes the registry of the configuration, unless one was given.</summary>
    /// <exception cref="StreamConfigException">There is none.</exception>
    public override void Initialize(SerDesContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (deserializer is null)
        {
            var config = context.Config as ISchemaRegistryConfig;
            var urls = config?.SchemaRegistryUrl?.Split(',', StringSplitOptions.TrimEntries) ?? [];
            if (urls.Length == 0)
            {
                throw new StreamConfigException("SchemaRegistryUrl is empty: contracts need a schema registry.");
            }
            // It lives as long as the topology that it belongs to: serdes are never told to close.
            Use(new GuardedRegistryClient(
                new SchemaRegistryOptions
                {
                    Urls = [.. urls.Select(u => new Uri(u))],
                    UserInfo = config!.BasicAuthUserInfo is { Length: > 0 } user ? user : null,
                },
                TimeProvider.System));
        }
        isInitialized = true;
    }

    /// <summary>Reads a record; waits for the registry where a schema is met for the first time.</summary>
    /// <exception cref="AvroException">The bytes are no record of the contract.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer; the record may be fine.</exception>
    public override T? Deserialize(byte[]? data, SerializationContext context) =>
        Ready(deserializer).Deserialize(data, data is null, context);

    /// <summary>Writes a record; waits for the registry before the first one of a topic.</summary>
    /// <exception cref="AvroException">The record has a value that its schema cannot express.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    /// <exception cref="RegistryRefusedException">The registry refuses the schema.</exception>
    public override byte[]? Serialize(T? data, SerializationContext context) =>
        data is null ? null : Ready(serializer).Serialize(data, context);

    private void Use(ISchemaRegistryClient registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        serializer = new ContractSerializer<T>(registry);
        deserializer = new ContractDeserializer<T>(registry);
    }

    private static TSide Ready<TSide>(TSide? side)
        where TSide : class =>
        side ?? throw new StreamsException($"{nameof(ContractSerDes<>)} was not initialized.");
}
