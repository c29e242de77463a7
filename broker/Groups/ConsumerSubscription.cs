using System.Buffers.Binary;
using System.Text;

namespace Alloc.Broker.Groups;

/// <summary>
/// The topics in a consumer's subscription: version int16, then an array of strings (Kafka's ConsumerProtocol). Members
/// write it for each other; the broker only looks for the topics.
/// </summary>
internal static class ConsumerSubscription
{
    public const string ProtocolType = "consumer";

    /// <summary>Every topic that some member reads; none where the members' bytes are not subscriptions.</summary>
    public static IReadOnlySet<string> TopicsOf(Group group)
    {
        var topics = new HashSet<string>();
        if (group.ProtocolType == ProtocolType)
        {
            foreach (var member in group.Members)
            {
                foreach (var (_, metadata) in member.Protocols)
                {
                    Read(metadata, topics);
                }
            }
        }

        return topics;
    }

    private static void Read(ReadOnlySpan<byte> metadata, HashSet<string> topics)
    {
        if (metadata.Length < 6)
        {
            return;
        }

        var count = BinaryPrimitives.ReadInt32BigEndian(metadata[2..]);
        metadata = metadata[6..];
        for (; count > 0 && metadata.Length >= 2; count--)
        {
            var size = BinaryPrimitives.ReadInt16BigEndian(metadata);
            if (size < 0 || size > metadata.Length - 2)
            {
                return;
            }

            topics.Add(Encoding.UTF8.GetString(metadata.Slice(2, size)));
            metadata = metadata[(2 + size)..];
        }
    }
}
