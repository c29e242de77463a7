using Alloc.Broker.Protocol;

namespace Alloc.Broker.Apis;

/// <summary>
/// The array of topics, each with an array of partitions, that most requests and answers carry: read into one flat list
/// and written from one, where what belongs to a topic stands together.
/// </summary>
internal static class TopicArrays
{
    /// <summary>Reads one partition's entry, up to its tagged fields.</summary>
    internal delegate T PartitionReader<out T>(ref KafkaReader reader, string topic);

    /// <summary>Reads an array of topics with an array of entries each.</summary>
    public static List<T> Read<T>(ref KafkaReader reader, PartitionReader<T> readPartition) =>
        ReadNullable(ref reader, readPartition) ?? throw new ProtocolException("an array of topics is null");

    /// <summary>Like <see cref="Read"/>, for an array that may be null.</summary>
    public static List<T>? ReadNullable<T>(ref KafkaReader reader, PartitionReader<T> readPartition)
    {
        var topicCount = reader.ReadNullableArrayLength();
        if (topicCount < 0)
        {
            return null;
        }

        var entries = new List<T>();
        for (; topicCount > 0; topicCount--)
        {
            var topic = reader.ReadString();
            var partitionCount = reader.ReadArrayLength(sizeof(int));
            for (; partitionCount > 0; partitionCount--)
            {
                entries.Add(readPartition(ref reader, topic));
            }

            reader.SkipTags();
        }

        return entries;
    }

    /// <summary>Reads an array of topics with an array of partition numbers each.</summary>
    public static List<TopicPartition> ReadNumbers(ref KafkaReader reader) => Read(ref reader, Number);

    /// <inheritdoc cref="ReadNumbers"/>
    public static List<TopicPartition>? ReadNullableNumbers(ref KafkaReader reader) => ReadNullable(ref reader, Number);

    /// <summary>Writes an array of topics with an array of entries each.</summary>
    /// <param name="writer">Takes the arrays.</param>
    /// <param name="entries">All entries.</param>
    /// <param name="partitionOf">Where an entry belongs.</param>
    /// <param name="writePartition">Writes an entry after its partition number, with its tagged fields.</param>
    public static void Write<T>(
        KafkaWriter writer, IReadOnlyList<T> entries, Func<T, TopicPartition> partitionOf,
        Action<KafkaWriter, T> writePartition)
    {
        var topics = entries.GroupBy(e => partitionOf(e).Topic).ToList();
        writer.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            writer.WriteString(topic.Key);
            writer.WriteArrayLength(topic.Count());
            foreach (var entry in topic)
            {
                writer.WriteInt32(partitionOf(entry).Partition);
                writePartition(writer, entry);
            }

            writer.WriteTags();
        }
    }

    private static TopicPartition Number(ref KafkaReader reader, string topic) => new(topic, reader.ReadInt32());
}

/// <summary>The body of an answer that has an error for each partition and nothing else, throttle time first.</summary>
internal sealed record PartitionErrorsResponse(IReadOnlyList<Groups.PartitionError> Partitions, short ThrottledFrom = 0)
    : Runtime.IResponse
{
    public void Write(KafkaWriter writer)
    {
        if (writer.Version >= ThrottledFrom)
        {
            writer.WriteInt32(0);
        }

        TopicArrays.Write(writer, Partitions, p => p.Partition, static (w, p) =>
        {
            w.WriteError(p.Error);
            w.WriteTags();
        });
        writer.WriteTags();
    }
}

/// <summary>The body of an answer that is one error, throttle time first.</summary>
internal sealed record ErrorResponse(ErrorCode Error, short ThrottledFrom = 0) : Runtime.IResponse
{
    public void Write(KafkaWriter writer)
    {
        if (writer.Version >= ThrottledFrom)
        {
            writer.WriteInt32(0);
        }

        writer.WriteError(Error);
        writer.WriteTags();
    }
}
