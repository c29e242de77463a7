using System.Buffers.Binary;
using System.Text;
using Confluent.Kafka;

namespace Alloc.Cli.Kafka;

/// <summary>
/// The assignment that a group's leader gave to a member, as the consumer protocol writes it: int16 version, then
/// [topic: string, [partition: int32]], then user data.
/// </summary>
internal static class ConsumerProtocol
{
    /// <summary>The partitions of an assignment; none where the bytes are not one.</summary>
    public static IReadOnlyList<TopicPartition> Partitions(ReadOnlySpan<byte> assignment)
    {
        var partitions = new List<TopicPartition>();
        try
        {
            var position = 2;
            var topics = BinaryPrimitives.ReadInt32BigEndian(assignment[position..]);
            position += 4;
            for (var t = 0; t < topics; t++)
            {
                int length = BinaryPrimitives.ReadInt16BigEndian(assignment[position..]);
                position += 2;
                var topic = Encoding.UTF8.GetString(assignment.Slice(position, length));
                position += length;
                var count = BinaryPrimitives.ReadInt32BigEndian(assignment[position..]);
                position += 4;
                for (var p = 0; p < count; p++, position += 4)
                {
                    partitions.Add(new TopicPartition(
                        topic, BinaryPrimitives.ReadInt32BigEndian(assignment[position..])));
                }
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            return [];
        }
        return partitions;
    }
}
