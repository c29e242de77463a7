using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Transactions;

namespace Alloc.Broker.Apis;

/// <summary>AddOffsetsToTxn 0 to 2: a group whose offsets the producer will commit.</summary>
internal sealed class AddOffsetsToTxnApi : Api<AddOffsetsToTxnApi.Request>
{
    private const short FencedSince = 2;

    internal sealed record Request(TransactionalProducer Producer, string GroupId);

    protected override Request Read(ref KafkaReader reader) => new(
        new TransactionalProducer(reader.ReadString(), reader.ReadInt64(), reader.ReadInt16()), reader.ReadString());

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var error = request.GroupId.Length == 0
            ? ErrorCode.InvalidGroupId
            : broker.Coordinators.Transactions.AddGroup(request.Producer, request.GroupId, broker.Loop.NowMs);
        broker.Coordinators.Answer(
            exchange, new ErrorResponse(CoordinatorErrors.ForProducer(error, exchange.Version, FencedSince)));
    }

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new ErrorResponse(CoordinatorErrors.ForGroup(error));
}
