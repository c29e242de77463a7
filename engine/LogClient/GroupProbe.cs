using System.Net.Sockets;

namespace Alloc.Engine.LogClient;

/// <summary>
/// Asks a broker for the groups that it coordinates, their members and committed offsets: ListGroups 0, DescribeGroups
/// 0, OffsetFetch 5 (pending offsets left out), and ConsumerGroupDescribe 0 for groups of the newer protocol (KIP-848).
/// </summary>
/// <remarks>
/// The client library tells a group's offsets only to a client of that group, or by calls of its admin that can end the
/// process. This asks for any number of groups over one connection, without TLS and SASL.
/// </remarks>
public sealed class GroupProbe(TimeSpan timeout)
{
    private const short OffsetFetch = 9;
    private const short DescribeGroups = 15;
    private const short ListGroups = 16;
    private const short ConsumerGroupDescribe = 69;

    /// <summary>Questions under way at once.</summary>
    private const int BatchSize = 50;

    private const string Dead = "Dead";

    /// <summary>Reads the groups of one broker.</summary>
    /// <param name="broker">Its host and port.</param>
    /// <param name="wants">Which groups, by name.</param>
    /// <param name="limit">How many groups at most: the first by name.</param>
    /// <exception cref="LogException">It does not answer, or not as it should.</exception>
    public CoordinatedGroups Read((string Host, int Port) broker, Func<string, bool> wants, int limit)
    {
        try
        {
            using var connection = WireConnection.Open(broker, timeout);
            var names = List(connection).Where(wants).Order(StringComparer.Ordinal).ToList();
            var groups = new List<ConsumerGroup>();
            foreach (var batch in names.Take(limit).Chunk(BatchSize))
            {
                groups.AddRange(WithOffsets(connection, Describe(connection, broker, batch)));
            }
            return new CoordinatedGroups(groups, Math.Max(0, names.Count - limit));
        }
        catch (Exception error) when (error is IOException or SocketException or InvalidDataException
            or OperationCanceledException)
        {
            throw new LogException(
                $"The broker {broker.Host}:{broker.Port} does not tell its groups: {error.Message}",
                LogFailure.RetryCall, "Groups", error);
        }
    }

    private static List<string> List(WireConnection connection)
    {
        connection.Send(ListGroups, 0, isFlexible: false, new WireBuffer());
        var answer = connection.Receive(isFlexible: false);
        var code = answer.ReadInt16();
        if (code != 0)
        {
            throw new InvalidDataException($"ListGroups is answered with error code {code}");
        }
        var names = new List<string>();
        for (var left = answer.ReadOldCount(); left > 0; left--)
        {
            names.Add(answer.ReadOldText() ?? "");
            answer.ReadOldText();
        }
        return names;
    }

    private List<ConsumerGroup> Describe(
        WireConnection connection, (string Host, int Port) broker, string[] names)
    {
        var body = new WireBuffer().OldCount(names.Length);
        foreach (var name in names)
        {
            body.OldText(name);
        }
        connection.Send(DescribeGroups, 0, isFlexible: false, body);
        var answer = connection.Receive(isFlexible: false);
        var groups = new List<ConsumerGroup>();
        for (var left = answer.ReadOldCount(); left > 0; left--)
        {
            groups.Add(ReadGroup(answer));
        }
        // A group of the newer protocol is dead to the older question.
        var others = groups.Where(g => g.State is Dead or "").ToDictionary(g => g.Name, StringComparer.Ordinal);
        if (others.Count > 0)
        {
            var described = DescribeNewer(broker, [.. others.Keys]);
            groups = [.. groups.Select(g => described.GetValueOrDefault(g.Name, g))];
        }
        return groups;
    }

    private static ConsumerGroup ReadGroup(WireBuffer answer)
    {
        var code = answer.ReadInt16();
        var name = answer.ReadOldText() ?? "";
        var state = answer.ReadOldText() ?? "";
        var isConsumer = answer.ReadOldText() == "consumer";
        var assignor = answer.ReadOldText() ?? "";
        var members = new List<ConsumerGroupMember>();
        for (var left = answer.ReadOldCount(); left > 0; left--)
        {
            var id = answer.ReadOldText() ?? "";
            var clientId = answer.ReadOldText() ?? "";
            var host = answer.ReadOldText() ?? "";
            var subscription = answer.ReadOldBytes();
            var assignment = answer.ReadOldBytes();
            members.Add(isConsumer
                ? ConsumerGroupMember.Read(id, clientId, host, subscription, assignment)
                : new ConsumerGroupMember(id, clientId, host, [], []));
        }
        return new ConsumerGroup(
            name, state, assignor, members, null, code == 0 ? null : $"its coordinator answers error code {code}");
    }

    /// <summary>
    /// Groups of the newer protocol; none where the broker does not know the question, which closes a connection.
    /// </summary>
    private Dictionary<string, ConsumerGroup> DescribeNewer((string Host, int Port) broker, List<string> names)
    {
        var groups = new Dictionary<string, ConsumerGroup>(StringComparer.Ordinal);
        try
        {
            using var connection = WireConnection.Open(broker, timeout);
            var body = new WireBuffer().Count(names.Count);
            foreach (var name in names)
            {
                body.Text(name);
            }
            connection.Send(ConsumerGroupDescribe, 0, isFlexible: true, body.Flag(false).Tags());
            var answer = connection.Receive(isFlexible: true);
            answer.ReadInt32();
            for (var left = answer.ReadCount(); left > 0; left--)
            {
                if (ReadNewerGroup(answer) is { } group)
                {
                    groups[group.Name] = group;
                }
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            groups.Clear();
        }
        return groups;
    }

    private static ConsumerGroup? ReadNewerGroup(WireBuffer answer)
    {
        var code = answer.ReadInt16();
        answer.ReadText();
        var name = answer.ReadText() ?? "";
        var state = answer.ReadText() ?? "";
        answer.ReadInt32();
        answer.ReadInt32();
        var assignor = answer.ReadText() ?? "";
        var members = new List<ConsumerGroupMember>();
        for (var left = answer.ReadCount(); left > 0; left--)
        {
            var id = answer.ReadText() ?? "";
            answer.ReadText();
            answer.ReadText();
            answer.ReadInt32();
            var clientId = answer.ReadText() ?? "";
            var host = answer.ReadText() ?? "";
            var topics = new List<string>();
            for (var subscribed = answer.ReadCount(); subscribed > 0; subscribed--)
            {
                topics.Add(answer.ReadText() ?? "");
            }
            answer.ReadText();
            var partitions = ReadNewerAssignment(answer);
            ReadNewerAssignment(answer);
            answer.SkipTags();
            members.Add(new ConsumerGroupMember(id, clientId, host, partitions, topics));
        }
        answer.ReadInt32();
        answer.SkipTags();
        return code == 0 ? new ConsumerGroup(name, state, assignor, members, null, null) : null;
    }

    private static List<TopicPartition> ReadNewerAssignment(WireBuffer answer)
    {
        const int uuidBytes = 16;
        var partitions = new List<TopicPartition>();
        for (var topics = answer.ReadCount(); topics > 0; topics--)
        {
            answer.Skip(uuidBytes);
            var topic = answer.ReadText() ?? "";
            for (var left = answer.ReadCount(); left > 0; left--)
            {
                partitions.Add(new TopicPartition(topic, answer.ReadInt32()));
            }
            answer.SkipTags();
        }
        answer.SkipTags();
        return partitions;
    }

    private static List<ConsumerGroup> WithOffsets(WireConnection connection, List<ConsumerGroup> groups)
    {
        foreach (var group in groups)
        {
            // No topics named: all of them.
            connection.Send(OffsetFetch, 5, isFlexible: false, new WireBuffer().OldText(group.Name).OldCount(-1));
        }
        return groups.ConvertAll(group => WithOffsets(group, connection.Receive(isFlexible: false)));
    }

    private static ConsumerGroup WithOffsets(ConsumerGroup group, WireBuffer answer)
    {
        var committed = new Dictionary<TopicPartition, long>();
        var refused = (short)0;
        answer.ReadInt32();
        for (var topics = answer.ReadOldCount(); topics > 0; topics--)
        {
            var topic = answer.ReadOldText() ?? "";
            for (var left = answer.ReadOldCount(); left > 0; left--)
            {
                var partition = answer.ReadInt32();
                var offset = answer.ReadInt64();
                answer.ReadInt32();
                answer.ReadOldText();
                var code = answer.ReadInt16();
                if (code != 0)
                {
                    refused = code;
                }
                else if (offset >= 0)
                {
                    committed[new TopicPartition(topic, partition)] = offset;
                }
            }
        }
        var error = answer.ReadInt16();
        error = error != 0 ? error : refused;
        return error == 0
            ? group with { Committed = committed }
            : group with { Problem = $"its coordinator refuses its offsets with error code {error}" };
    }
}
