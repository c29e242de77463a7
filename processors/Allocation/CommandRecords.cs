using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation;

/// <summary>
/// How a record of the command log is read: its key, the framing and the schema of its value, and which records are no
/// commands at all. The engine, the shadow and whoever runs a log again read by it, so that they decide about the same
/// records. What cannot be read is a dead letter of the authority and nothing to anybody else.
/// </summary>
/// <param name="commands">Reads values.</param>
/// <param name="partitionCount">Partitions of the command topic.</param>
public sealed class CommandRecords(IDeserializer<AllocationCommand> commands, int partitionCount)
{
    private const int KeyBufferSize = 1024;

    /// <summary>Reads keys: UTF-8 and nothing else.</summary>
    public static ISerde<string> Keys => Serdes.Utf8;

    /// <summary>Reads a record as it lies in the log.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="partition">Its partition.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="timestampMs">Its time in the log, milliseconds since 1970 UTC.</param>
    /// <param name="key">Its key; null: it has none.</param>
    /// <param name="value">Its value; null: it has none.</param>
    /// <exception cref="BadRecordException">It is no command.</exception>
    /// <exception cref="DependencyUnavailableException">The schema registry does not answer.</exception>
    public LedgerRecord Read(
        string topic, int partition, long offset, long timestampMs, byte[]? key, byte[]? value) => Of(
            new RecordMetadata(topic, partition, offset, timestampMs),
            key is null ? null : Keys.Deserialize(key),
            value is null ? null : commands.Deserialize(value),
            partitionCount);

    /// <summary>A record whose key and value are read already.</summary>
    /// <exception cref="BadRecordException">It is no command.</exception>
    internal static LedgerRecord Of(
        in RecordMetadata metadata, string? key, AllocationCommand? command, int partitionCount) => new(
            metadata.Topic, metadata.Partition, metadata.Offset, metadata.TimestampMs, key,
            PartitionOf(key, partitionCount), command
                ?? throw new BadRecordException("the record has no value") { Kind = BadRecordKind.Incomplete });

    private static int PartitionOf(string? key, int partitionCount)
    {
        if (key is null)
        {
            return -1;
        }
        Span<byte> buffer = stackalloc byte[KeyBufferSize];
        return Encoding.UTF8.TryGetBytes(key, buffer, out var size)
            ? Murmur2.Partition(buffer[..size], partitionCount)
            : Murmur2.Partition(Encoding.UTF8.GetBytes(key), partitionCount);
    }
}
