using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Transactions;

namespace Alloc.Broker.Apis;

/// <summary>
/// AddPartitionsToTxn 0 to 2: partitions that the producer will write to. All are added or none: where one does not
/// exist, it is answered 3 and the others 55.
/// </summary>
internal sealed class AddPartitionsToTxnApi : Api<AddPartitionsToTxnApi.Request>
{
    private const short FencedSince = 2;

    internal sealed record Request(TransactionalProducer Producer, IReadOnlyList<TopicPartition> Partitions);

    protected override Request Read(ref KafkaReader reader) => new(
        new TransactionalProducer(reader.ReadString(), reader.ReadInt64(), reader.ReadInt16()),
        TopicArrays.ReadNumbers(ref reader));

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var coordinators = broker.Coordinators;
        if (request.Partitions.All(coordinators.HasPartition))
        {
            var error = coordinators.Transactions.AddPartitions(
                request.Producer, request.Partitions, broker.Loop.NowMs);
            coordinators.Answer(
                exchange, Response(request, _ => CoordinatorErrors.ForProducer(error, exchange.Version, FencedSince)));
        }
        else
        {
            exchange.Answer(Response(request, p => coordinators.HasPartition(p)
                ? ErrorCode.OperationNotAttempted
                : ErrorCode.UnknownTopicOrPartition));
        }
    }

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        Response(request, _ => CoordinatorErrors.ForGroup(error));

    private static PartitionErrorsResponse Response(Request request, Func<TopicPartition, ErrorCode> errorOf) =>
        new([.. request.Partitions.Select(p => new Groups.PartitionError(p, errorOf(p)))]);
}
