using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>AlterConfigs (33), 0–2: replaces all settings of a topic; what is not named falls back to its default. The
/// broker's own settings are options of the process and cannot be changed.</summary>
internal sealed class AlterConfigsApi : Api<AlterConfigsApi.Request>
{
    protected override Request Read(ref KafkaReader reader)
    {
        var resources = new Resource[reader.ReadArrayLength(7)];
        for (var index = 0; index < resources.Length; index++)
        {
            var type = reader.ReadInt8();
            var name = reader.ReadString();
            var configs = new KeyValuePair<string, string?>[reader.ReadArrayLength(4)];
            for (var config = 0; config < configs.Length; config++)
            {
                configs[config] = new(reader.ReadString(), reader.ReadNullableString());
                reader.SkipTags();
            }
            resources[index] = new Resource(type, name, configs);
            reader.SkipTags();
        }
        return new Request(resources, reader.ReadBoolean());
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var results = request.Resources.Select(
            r => Alter(r.Type, r.Name, _ => Collect(r.Configs), request.IsValidationOnly, broker))
            .ToList();
        broker.Topics.WhenDurable(broker.Durability, () => exchange.Answer(new AlterConfigsResponse(results)));
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) => new AlterConfigsResponse(
        [.. request.Resources.Select(r => new ConfigResourceResult(r.Type, r.Name, error, null))]);

    /// <summary>Gives a topic new settings, made from its present overrides.</summary>
    internal static ConfigResourceResult Alter(sbyte type, string name,
        Func<IReadOnlyDictionary<string, string>, (Dictionary<string, string> Overrides, string? Problem)> change,
        bool isValidationOnly, BrokerCore broker)
    {
        ConfigResourceResult Result(ErrorCode error, string? message) => new(type, name, error, message);
        if (type != (sbyte)ConfigResourceType.Topic)
        {
            return Result(ErrorCode.InvalidRequest,
                "Only topics' settings can be changed; the broker's are options of its process.");
        }
        if (broker.Topics.Find(name) is not { } topic)
        {
            return Result(ErrorCode.UnknownTopicOrPartition, $"The topic '{name}' does not exist.");
        }
        var (overrides, problem) = change(topic.Config.Overrides);
        problem ??= overrides.Select(o => TopicConfig.Problem(o.Key, o.Value)).FirstOrDefault(p => p is not null);
        if (problem is not null)
        {
            return Result(ErrorCode.InvalidConfig, problem);
        }
        try
        {
            if (!isValidationOnly)
            {
                broker.Topics.Reconfigure(topic, new TopicConfig(overrides));
            }
            return Result(ErrorCode.None, null);
        }
        catch (StorageException exception)
        {
            broker.Refusals.Report(exception);
            return Result(ErrorCode.KafkaStorageError, exception.Message);
        }
    }

    private static (Dictionary<string, string>, string?) Collect(KeyValuePair<string, string?>[] configs)
    {
        var overrides = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in configs)
        {
            if (value is null)
            {
                return (overrides, $"Null value not supported for topic configs: {name}");
            }
            overrides[name] = value;
        }
        return (overrides, null);
    }

    internal sealed record Request(Resource[] Resources, bool IsValidationOnly);

    internal sealed record Resource(sbyte Type, string Name, KeyValuePair<string, string?>[] Configs);
}
