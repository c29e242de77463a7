using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Transactions;

namespace Alloc.Broker.Apis;

/// <summary>
/// EndTxn 0 to 2: commits or aborts. Answered when the decision is durable and every marker is written, so that the
/// producer's next request finds the transaction complete.
/// </summary>
internal sealed class EndTxnApi : Api<EndTxnApi.Request>
{
    private const short FencedSince = 2;

    internal sealed record Request(TransactionalProducer Producer, bool IsCommit);

    protected override Request Read(ref KafkaReader reader) => new(
        new TransactionalProducer(reader.ReadString(), reader.ReadInt64(), reader.ReadInt16()), reader.ReadBoolean());

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        broker.Coordinators.Transactions.EndTransaction(
            request.Producer, request.IsCommit, broker.Loop.NowMs,
            error => exchange.Answer(
                new ErrorResponse(CoordinatorErrors.ForProducer(error, exchange.Version, FencedSince))));

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new ErrorResponse(CoordinatorErrors.ForGroup(error));
}
