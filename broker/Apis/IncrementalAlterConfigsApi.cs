using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>IncrementalAlterConfigs (44), 0–1 (KIP-339): sets, removes, appends to and subtracts from single settings
/// of a topic.</summary>
internal sealed class IncrementalAlterConfigsApi : Api<IncrementalAlterConfigsApi.Request>
{
    protected override Request Read(ref KafkaReader reader)
    {
        var resources = new Resource[reader.ReadArrayLength(7)];
        for (var index = 0; index < resources.Length; index++)
        {
            var type = reader.ReadInt8();
            var name = reader.ReadString();
            var changes = new Change[reader.ReadArrayLength(5)];
            for (var change = 0; change < changes.Length; change++)
            {
                changes[change] = new Change(
                    reader.ReadString(), (Operation)reader.ReadInt8(), reader.ReadNullableString());
                reader.SkipTags();
            }
            resources[index] = new Resource(type, name, changes);
            reader.SkipTags();
        }
        return new Request(resources, reader.ReadBoolean());
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var results = request.Resources.Select(r =>
            AlterConfigsApi.Alter(
                r.Type, r.Name, present => Apply(present, r.Changes), request.IsValidationOnly, broker)).ToList();
        broker.Topics.WhenDurable(broker.Durability, () => exchange.Answer(new AlterConfigsResponse(results)));
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) => new AlterConfigsResponse(
        [.. request.Resources.Select(r => new ConfigResourceResult(r.Type, r.Name, error, null))]);

    private static (Dictionary<string, string>, string?) Apply(
        IReadOnlyDictionary<string, string> present, Change[] changes)
    {
        var overrides = new Dictionary<string, string>(present, StringComparer.Ordinal);
        foreach (var change in changes)
        {
            if (TopicConfig.Definition(change.Name) is not { } definition)
            {
                return (overrides, $"Unknown topic config name: {change.Name}");
            }
            if (change.Operation != Operation.Delete && change.Value is null)
            {
                return (overrides, $"Null value not supported for: {change.Name}");
            }
            if (change.Operation is Operation.Append or Operation.Subtract && definition.Type != ConfigType.List)
            {
                return (overrides, $"{change.Name} is no list: it can be set or deleted only.");
            }
            var items = (overrides.GetValueOrDefault(change.Name) ?? definition.Default)
                .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var named = (change.Value ?? "").Split(
                ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            switch (change.Operation)
            {
                case Operation.Set:
                    overrides[change.Name] = change.Value!;
                    break;
                case Operation.Delete:
                    overrides.Remove(change.Name);
                    break;
                case Operation.Append:
                    overrides[change.Name] = string.Join(',', items.Union(named, StringComparer.Ordinal));
                    break;
                case Operation.Subtract:
                    overrides[change.Name] = string.Join(',', items.Except(named, StringComparer.Ordinal));
                    break;
                default:
                    return (overrides, $"Operation {(int)change.Operation} is not known.");
            }
        }
        return (overrides, null);
    }

    internal enum Operation : sbyte
    {
        Set = 0,
        Delete = 1,
        Append = 2,
        Subtract = 3,
    }

    internal sealed record Request(Resource[] Resources, bool IsValidationOnly);

    internal sealed record Resource(sbyte Type, string Name, Change[] Changes);

    internal sealed record Change(string Name, Operation Operation, string? Value);
}
