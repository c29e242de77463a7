using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>FindCoordinator 0 to 3: this broker coordinates every group and every transactional id.</summary>
internal sealed class FindCoordinatorApi : Api<FindCoordinatorApi.Request>
{
    private const sbyte Group = 0;
    private const sbyte Transaction = 1;

    /// <param name="KeyType">0 for a group, 1 for a transactional id.</param>
    internal sealed record Request(string Key, sbyte KeyType);

    protected override Request Read(ref KafkaReader reader) =>
        new(reader.ReadString(), reader.Version >= 1 ? reader.ReadInt8() : Group);

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var isKnownType = request.KeyType is Group or Transaction;
        exchange.Answer(isKnownType
            ? new Response(ErrorCode.None, null, BrokerCore.NodeId, exchange.BrokerHost, exchange.BrokerPort)
            : new Response(
                ErrorCode.InvalidRequest, $"There is no coordinator of type {request.KeyType}.", -1, "", -1));
    }

    protected override IResponse Refuse(Request request, ErrorCode error) => new Response(error, null, -1, "", -1);

    private sealed record Response(ErrorCode Error, string? Message, int NodeId, string Host, int Port) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 1)
            {
                writer.WriteInt32(0);
            }

            writer.WriteError(Error);
            if (writer.Version >= 1)
            {
                writer.WriteNullableString(Message);
            }

            writer.WriteInt32(NodeId);
            writer.WriteString(Host);
            writer.WriteInt32(Port);
            writer.WriteTags();
        }
    }
}
