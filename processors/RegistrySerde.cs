using System.Buffers;
using System.Collections.Concurrent;
using Alloc.Engine.Processing;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;

namespace Alloc.Processors;

/// <summary>
/// Avro in Confluent framing, schemas from a registry. Says in the engine's words whose fault it is: the record's, or
/// that of a registry that is away.
/// </summary>
/// <param name="registry">The schema registry.</param>
/// <param name="topic">The topic, whose name gives the subject.</param>
internal sealed class RegistrySerde<T>(GuardedRegistryClient registry, string topic) : ISerde<T>
    where T : class, IAvroRecord<T>
{
    private const string Registry = "The schema registry";
    private const int UnknownId = int.MinValue;

    /// <summary>What a thread gives the registry before its other partitions go first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<int, Task<Schema>> questions = new();
    private volatile int lastId = UnknownId;
    private readonly AvroSerde<T> serde = new(registry, ConfluentFraming.SubjectOf(topic));

    public void Serialize(T value, IBufferWriter<byte> output)
    {
        try
        {
            serde.Serialize(value, output);
        }
        catch (RegistryUnavailableException error)
        {
            throw new DependencyUnavailableException(Registry, error);
        }
        catch (RegistryRefusedException error)
        {
            throw new StreamsException(
                $"The schema registry refuses the schema of {topic}: {error.Message}", error);
        }
    }

    public T Deserialize(ReadOnlySpan<byte> data)
    {
        try
        {
            EnsureSchema(data);
            return serde.Deserialize(data);
        }
        catch (AvroException error)
        {
            throw new BadRecordException(error.Message, error) { Kind = BadRecordKind.Unreadable };
        }
        catch (RegistryUnavailableException error)
        {
            throw new DependencyUnavailableException(Registry, error);
        }
        catch (RegistryRefusedException error)
        {
            throw new DependencyUnavailableException($"{Registry} refuses to answer ({error.Message}) and", error);
        }
    }

    /// <summary>
    /// A registry that hangs must not hold its thread up: the answer is awaited beside it, and the record tried
    /// again.
    /// </summary>
    private void EnsureSchema(ReadOnlySpan<byte> data)
    {
        var schemaId = ConfluentFraming.Read(data, out _);
        if (schemaId == lastId)
        {
            return;
        }
        var question = questions.GetOrAdd(schemaId, id => registry.GetSchemaAsync(id));
        if (Task.WaitAny([question], Patience) < 0)
        {
            throw new DependencyUnavailableException(
                Registry, new TimeoutException($"it has not answered yet which schema has the id {schemaId}"));
        }
        questions.TryRemove(schemaId, out _);
        question.GetAwaiter().GetResult();
        lastId = schemaId;
    }
}
