using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>Kind of thing that has settings, by its number in the protocol.</summary>
internal enum ConfigResourceType : sbyte
{
    Topic = 2,
    Broker = 4,
    BrokerLogger = 8,
}

/// <summary>A thing with settings, and what became of a request for it.</summary>
internal sealed record ConfigResourceResult(sbyte Type, string Name, ErrorCode Error, string? Message);

/// <summary>The answer that AlterConfigs and IncrementalAlterConfigs share.</summary>
internal sealed record AlterConfigsResponse(IReadOnlyCollection<ConfigResourceResult> Resources) : IResponse
{
    public void Write(KafkaWriter writer)
    {
        writer.WriteInt32(0);
        writer.WriteArrayLength(Resources.Count);
        foreach (var resource in Resources)
        {
            writer.WriteError(resource.Error);
            writer.WriteNullableString(resource.Message);
            writer.WriteInt8(resource.Type);
            writer.WriteString(resource.Name);
            writer.WriteTags();
        }
        writer.WriteTags();
    }
}
