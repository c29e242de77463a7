using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// ApiVersions (18), 0–4 (KIP-35, KIP-511): answers <see cref="ApiTable"/>. The answer's header is never flexible. A
/// version that is not served gets error 35 in a body of version 0 that lists ApiVersions itself, so that the client
/// can ask again. No features are advertised.
/// </summary>
internal sealed class ApiVersionsApi : Api<ApiVersionsApi.Request>
{
    protected override Request Read(ref KafkaReader reader)
    {
        if (reader.Version < 3)
        {
            return new Request();
        }
        reader.ReadString();
        reader.ReadString();
        return new Request();
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response(ErrorCode.None));

    protected override IResponse Refuse(Request request, ErrorCode error) => new Response(error);

    internal sealed record Request;

    private sealed record Response(ErrorCode Error) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteError(Error);
            writer.WriteArrayLength(ApiTable.All.Count);
            foreach (var entry in ApiTable.All)
            {
                writer.WriteInt16((short)entry.Key);
                writer.WriteInt16(entry.MinVersion);
                writer.WriteInt16(entry.MaxVersion);
                writer.WriteTags();
            }
            if (writer.Version >= 1)
            {
                writer.WriteInt32(0);
            }
            writer.WriteTags();
        }
    }
}

/// <summary>The answer to a version of ApiVersions that is not served: error 35, always in version 0.</summary>
internal sealed class UnsupportedApiVersions : IResponse
{
    public static UnsupportedApiVersions Instance { get; } = new();

    public void Write(KafkaWriter writer)
    {
        var self = ApiTable.Find((short)ApiKey.ApiVersions)!;
        writer.Begin(0, isFlexible: false);
        writer.WriteError(ErrorCode.UnsupportedVersion);
        writer.WriteArrayLength(1);
        writer.WriteInt16((short)self.Key);
        writer.WriteInt16(self.MinVersion);
        writer.WriteInt16(self.MaxVersion);
    }
}
