using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>DescribeCluster (60), 0; flexible (KIP-700): one broker, which is the controller.</summary>
internal sealed class DescribeClusterApi : Api<DescribeClusterApi.Request>
{
    private const int UnknownOperations = int.MinValue;

    protected override Request Read(ref KafkaReader reader) => new(reader.ReadBoolean());

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response(
            ErrorCode.None, broker.ClusterId, exchange.BrokerHost, exchange.BrokerPort, request.WantsOperations));

    protected override IResponse? Refuse(Request request, ErrorCode error) => new Response(error, "", "", 0, false);

    internal sealed record Request(bool WantsOperations);

    private sealed record Response(
        ErrorCode Error, string ClusterId, string Host, int Port, bool WithOperations) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteError(Error);
            writer.WriteNullableString(null);
            writer.WriteString(ClusterId);
            writer.WriteInt32(BrokerCore.NodeId);
            writer.WriteArrayLength(1);
            writer.WriteInt32(BrokerCore.NodeId);
            writer.WriteString(Host);
            writer.WriteInt32(Port);
            writer.WriteNullableString(null);
            writer.WriteTags();
            writer.WriteInt32(WithOperations ? MetadataApi.ClusterOperations : UnknownOperations);
            writer.WriteTags();
        }
    }
}
