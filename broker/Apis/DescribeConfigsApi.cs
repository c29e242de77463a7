using System.Globalization;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>DescribeConfigs (32), 0–4: settings of topics, and those of the broker that have a name in Kafka
/// (read-only). From 3 on with their types; texts about them (KIP-569) are not kept here.</summary>
internal sealed class DescribeConfigsApi : Api<DescribeConfigsApi.Request>
{
    private const sbyte SourceTopic = 1;
    private const sbyte SourceStaticBroker = 4;
    private const sbyte SourceDefault = 5;

    protected override Request Read(ref KafkaReader reader)
    {
        var resources = new Resource[reader.ReadArrayLength(7)];
        for (var index = 0; index < resources.Length; index++)
        {
            resources[index] = new Resource(reader.ReadInt8(), reader.ReadString(), reader.ReadNullableStringArray());
            reader.SkipTags();
        }
        var wantsSynonyms = reader.Version >= 1 && reader.ReadBoolean();
        if (reader.Version >= 3)
        {
            reader.ReadBoolean();
        }
        return new Request(resources, wantsSynonyms);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response([.. request.Resources.Select(r => Describe(r, request.WantsSynonyms, broker))]));

    protected override IResponse? Refuse(Request request, ErrorCode error) => new Response(
        [.. request.Resources.Select(
            r => (new ConfigResourceResult(r.Type, r.Name, error, null), Array.Empty<Row>()))]);

    private static (ConfigResourceResult, Row[]) Describe(Resource resource, bool wantsSynonyms, BrokerCore broker)
    {
        (ConfigResourceResult, Row[]) Refused(ErrorCode error, string message) =>
            (new ConfigResourceResult(resource.Type, resource.Name, error, message), []);
        IEnumerable<Row> rows;
        switch ((ConfigResourceType)resource.Type)
        {
            case ConfigResourceType.Topic when broker.Topics.Find(resource.Name) is { } topic:
                rows = TopicRows(topic.Config, wantsSynonyms);
                break;
            case ConfigResourceType.Topic:
                return TopicName.Problem(resource.Name) is { } problem
                    ? Refused(ErrorCode.InvalidTopic, problem)
                    : Refused(ErrorCode.UnknownTopicOrPartition, $"The topic '{resource.Name}' does not exist.");
            case ConfigResourceType.Broker when resource.Name is "" || resource.Name == BrokerId:
                rows = BrokerRows(broker.Options);
                break;
            case ConfigResourceType.Broker:
                return Refused(ErrorCode.InvalidRequest,
                    $"There is no broker {resource.Name}; this one is {BrokerId}.");
            default:
                return Refused(ErrorCode.InvalidRequest, $"Resources of type {resource.Type} have no settings here.");
        }
        return (new ConfigResourceResult(resource.Type, resource.Name, ErrorCode.None, null),
            [.. rows.Where(row => resource.Names is null
                || resource.Names.Contains(row.Name, StringComparer.Ordinal))]);
    }

    /// <summary>Where a topic's setting comes from: the topic's own or the default.</summary>
    internal static sbyte SourceOf(TopicConfig config, string name) =>
        config.Overrides.ContainsKey(name) ? SourceTopic : SourceDefault;

    private static string BrokerId => BrokerCore.NodeId.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<Row> TopicRows(TopicConfig config, bool wantsSynonyms) =>
        TopicConfig.Definitions.Select(d => new Row(d.Name, config[d.Name], d.Type, false,
            SourceOf(config, d.Name),
            !wantsSynonyms ? []
            : config.Overrides.TryGetValue(d.Name, out var value) ? [(value, SourceTopic), (d.Default, SourceDefault)]
            : [(d.Default, SourceDefault)]));

    private static IEnumerable<Row> BrokerRows(BrokerOptions options)
    {
        Row Row(string name, object value) => new(name, Convert.ToString(value, CultureInfo.InvariantCulture)!,
            value is string ? ConfigType.String : value is long ? ConfigType.Long : ConfigType.Int, true,
            SourceStaticBroker, []);
        yield return Row("auto.create.topics.enable", options.AutoCreateTopics ? "true" : "false");
        yield return Row("broker.id", BrokerCore.NodeId);
        yield return Row("compression.type", TopicConfig.Default["compression.type"]);
        yield return Row("connections.max.idle.ms", (long)options.ConnectionIdleTimeout.TotalMilliseconds);
        yield return Row("default.replication.factor", 1);
        yield return Row("fetch.max.bytes", options.MaxFetchBytes);
        yield return Row("log.dirs", options.DataDirectory);
        yield return Row("max.connections", options.MaxConnections);
        yield return Row("node.id", BrokerCore.NodeId);
        yield return Row("num.partitions", options.DefaultPartitionCount);
        yield return Row("offsets.topic.replication.factor", 1);
        yield return Row("socket.request.max.bytes", options.MaxRequestBytes);
        yield return Row("transaction.state.log.replication.factor", 1);
    }

    internal sealed record Request(Resource[] Resources, bool WantsSynonyms);

    internal sealed record Resource(sbyte Type, string Name, string[]? Names);

    private sealed record Row(string Name, string Value, ConfigType Type, bool IsReadOnly, sbyte Source,
        (string Value, sbyte Source)[] Synonyms);

    private sealed record Response((ConfigResourceResult Resource, Row[] Rows)[] Results) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteArrayLength(Results.Length);
            foreach (var (resource, rows) in Results)
            {
                writer.WriteError(resource.Error);
                writer.WriteNullableString(resource.Message);
                writer.WriteInt8(resource.Type);
                writer.WriteString(resource.Name);
                writer.WriteArrayLength(rows.Length);
                foreach (var row in rows)
                {
                    Write(writer, row);
                }
                writer.WriteTags();
            }
            writer.WriteTags();
        }

        private static void Write(KafkaWriter writer, Row row)
        {
            writer.WriteString(row.Name);
            writer.WriteNullableString(row.Value);
            writer.WriteBoolean(row.IsReadOnly);
            if (writer.Version == 0)
            {
                writer.WriteBoolean(row.Source == SourceDefault);
            }
            else
            {
                writer.WriteInt8(row.Source);
            }
            writer.WriteBoolean(false);
            if (writer.Version >= 1)
            {
                writer.WriteArrayLength(row.Synonyms.Length);
                foreach (var (value, source) in row.Synonyms)
                {
                    writer.WriteString(row.Name);
                    writer.WriteNullableString(value);
                    writer.WriteInt8(source);
                    writer.WriteTags();
                }
            }
            if (writer.Version >= 3)
            {
                writer.WriteInt8((sbyte)row.Type);
                writer.WriteNullableString(null);
            }
            writer.WriteTags();
        }
    }
}
