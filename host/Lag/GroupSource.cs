using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Engine.LogClient;
using Confluent.Kafka;
using TopicPartition = Alloc.Engine.LogClient.TopicPartition;

namespace Alloc.Host.Lag;

/// <summary>What was told of the groups of a cluster.</summary>
/// <param name="Groups">The groups that were asked for.</param>
/// <param name="Left">Groups that there are, and that are asked for in a later look.</param>
/// <param name="Beyond">How many more there are than can be asked for.</param>
/// <param name="Problems">Brokers that did not tell theirs, in words.</param>
internal sealed record GroupReading(
    IReadOnlyList<ConsumerGroup> Groups, IReadOnlySet<string> Left, int Beyond, IReadOnlyList<string> Problems);

/// <summary>Tells the groups of a cluster. One thread at a time.</summary>
internal interface IGroupSource : IDisposable
{
    /// <summary>Reads groups.</summary>
    /// <param name="cluster">The brokers.</param>
    /// <param name="partitions">The partitions whose offsets are of interest.</param>
    /// <param name="wants">Which groups, by name.</param>
    /// <param name="limit">How many at most.</param>
    GroupReading Read(
        Metadata cluster, IReadOnlyCollection<TopicPartition> partitions, Func<string, bool> wants, int limit);
}

/// <summary>Chooses how groups are asked for.</summary>
internal static class GroupSource
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Over the protocol itself where brokers want neither TLS nor SASL, else through clients of the library.
    /// </summary>
    public static IGroupSource For(AllocClientOptions settings) =>
        settings.KafkaProperties.GetValueOrDefault("security.protocol", "plaintext")
            .Equals("plaintext", StringComparison.OrdinalIgnoreCase)
            ? new WireGroups(new GroupProbe(AnswerTimeout))
            : new ClientGroups(settings);

    private sealed class WireGroups(GroupProbe probe) : IGroupSource
    {
        public GroupReading Read(
            Metadata cluster, IReadOnlyCollection<TopicPartition> partitions, Func<string, bool> wants, int limit)
        {
            var groups = new Dictionary<string, ConsumerGroup>(StringComparer.Ordinal);
            var problems = new List<string>();
            var beyond = 0;
            foreach (var broker in cluster.Brokers.OrderBy(b => b.BrokerId))
            {
                try
                {
                    var told = probe.Read((broker.Host, broker.Port), wants, limit - groups.Count);
                    beyond += told.Beyond;
                    foreach (var group in told.Groups)
                    {
                        groups[group.Name] = group;
                    }
                }
                catch (LogException silent)
                {
                    problems.Add(silent.Message);
                }
            }
            return new GroupReading([.. groups.Values], new HashSet<string>(), beyond, problems);
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>
/// Asks for the offsets of a group through a client of that group, which joins nothing: what works with every kind of
/// security. Few clients are kept, so of many groups only some are asked for in one look, those that were asked for
/// longest ago first.
/// </summary>
/// <remarks>
/// Members of groups of the newer protocol (KIP-848) are not told: the library's older call does not know them, and
/// the newer one, DescribeConsumerGroups, ends the process when it times out while Kafka is away and it comes back.
/// </remarks>
internal sealed class ClientGroups(AllocClientOptions settings) : IGroupSource
{
    private const string MembersUntold =
        "who has it is not told: members of a group of the newer protocol (KIP-848) are not seen with TLS or SASL";

    private const int MostClients = 32;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);
    private readonly KafkaClients clients = new(settings);
    private readonly Dictionary<string, IConsumer<byte[]?, byte[]?>> byGroup = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> askedAt = new(StringComparer.Ordinal);
    private IAdminClient? admin;
    private long looks;

    /// <inheritdoc/>
    public GroupReading Read(
        Metadata cluster, IReadOnlyCollection<TopicPartition> partitions, Func<string, bool> wants, int limit)
    {
        looks++;
        List<GroupInfo> listed;
        try
        {
            listed = (admin ??= clients.Admin()).ListGroups(AnswerTimeout);
        }
        catch (KafkaException silent)
        {
            return new GroupReading(
                [], new HashSet<string>(), 0, [$"Kafka does not tell its groups: {silent.Error.Reason}"]);
        }
        var wanted = listed.Where(g => wants(g.Group)).OrderBy(g => g.Group, StringComparer.Ordinal).ToList();
        var within = wanted.Take(limit).ToList();
        var now = within.OrderBy(g => askedAt.GetValueOrDefault(g.Group)).Take(MostClients).ToList();
        Forget(within, now);
        var groups = now.ConvertAll(g => Ask(g, partitions));
        return new GroupReading(
            groups, within.Except(now).Select(g => g.Group).ToHashSet(StringComparer.Ordinal),
            Math.Max(0, wanted.Count - limit), []);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in byGroup.Values)
        {
            client.Dispose();
        }
        admin?.Dispose();
    }

    private ConsumerGroup Ask(GroupInfo group, IReadOnlyCollection<TopicPartition> partitions)
    {
        var members = group.Members.ConvertAll(m => group.ProtocolType == "consumer"
            ? ConsumerGroupMember.Read(m.MemberId, m.ClientId, m.ClientHost, m.MemberMetadata, m.MemberAssignment)
            : new ConsumerGroupMember(m.MemberId, m.ClientId, m.ClientHost, [], []));
        var told = new ConsumerGroup(group.Group, group.State, group.Protocol, members, null, null);
        askedAt[group.Group] = looks;
        try
        {
            if (!byGroup.TryGetValue(group.Group, out var client))
            {
                byGroup.Add(group.Group, client = clients.Consumer(readCommitted: false, group.Group));
            }
            var committed = client.Committed(
                partitions.Select(p => new Confluent.Kafka.TopicPartition(p.Topic, p.Partition)), AnswerTimeout);
            var known = committed.Where(c => c.Offset.Value >= 0)
                .ToDictionary(c => new TopicPartition(c.Topic, c.Partition.Value), c => c.Offset.Value);
            return told with
            {
                Committed = known,
                // A group that is gone has no offsets either.
                Problem = known.Count > 0 && !told.AreMembersTold ? MembersUntold : null,
            };
        }
        catch (KafkaException refused)
        {
            return told with { Problem = $"its coordinator does not tell its offsets: {refused.Error.Reason}" };
        }
    }

    /// <summary>Lets go of groups that are gone, and of the clients of those whose turn is in another look.</summary>
    private void Forget(List<GroupInfo> there, List<GroupInfo> asked)
    {
        foreach (var gone in askedAt.Keys.Except(there.Select(g => g.Group)).ToList())
        {
            askedAt.Remove(gone);
        }
        foreach (var idle in byGroup.Keys.Except(asked.Select(g => g.Group)).ToList())
        {
            byGroup.Remove(idle, out var client);
            client?.Dispose();
        }
    }
}
