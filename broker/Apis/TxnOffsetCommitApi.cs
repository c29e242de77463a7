using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Transactions;

namespace Alloc.Broker.Apis;

/// <summary>
/// TxnOffsetCommit 0 to 3: offsets that count when the producer's transaction commits. The transaction must be open and
/// have the group (48); from 3 on the caller's membership and generation are checked too (KIP-447).
/// </summary>
internal sealed class TxnOffsetCommitApi : Api<TxnOffsetCommitApi.Request>
{
    internal sealed record Request(
        string GroupId, TransactionalProducer Producer, GroupCaller Caller, IReadOnlyList<OffsetToCommit> Offsets);

    protected override Request Read(ref KafkaReader reader)
    {
        var transactionalId = reader.ReadString();
        var groupId = reader.ReadString();
        var producer = new TransactionalProducer(transactionalId, reader.ReadInt64(), reader.ReadInt16());
        var caller = reader.Version >= 3
            ? new GroupCaller(reader.ReadInt32(), reader.ReadString(), reader.ReadNullableString())
            : GroupCaller.Unnamed;
        var offsets = TopicArrays.Read(ref reader, ReadOffset);
        return new Request(groupId, producer, caller, offsets);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var coordinators = broker.Coordinators;
        var error = coordinators.Transactions.CheckGroup(request.Producer, request.GroupId);
        if (error != ErrorCode.None)
        {
            exchange.Answer(Refuse(request, error));
            return;
        }

        var known = request.Offsets.Where(o => coordinators.HasPartition(o.Partition)).ToList();
        var held = coordinators.Groups.CommitInTransaction(
            request.GroupId, request.Caller, request.Producer.ProducerId, known, broker.Loop.NowMs);
        var unknown = request.Offsets.Where(o => !coordinators.HasPartition(o.Partition))
            .Select(o => new PartitionError(o.Partition, ErrorCode.UnknownTopicOrPartition));
        coordinators.Answer(exchange, new PartitionErrorsResponse([.. held, .. unknown]));
    }

    protected override IResponse Refuse(Request request, ErrorCode error) => new PartitionErrorsResponse(
        [.. request.Offsets.Select(o => new PartitionError(o.Partition, CoordinatorErrors.ForGroup(error)))]);

    private static OffsetToCommit ReadOffset(ref KafkaReader reader, string topic)
    {
        var offset = new OffsetToCommit(
            new TopicPartition(topic, reader.ReadInt32()), reader.ReadInt64(),
            reader.Version >= 2 ? reader.ReadInt32() : -1, reader.ReadNullableString());
        reader.SkipTags();
        return offset;
    }
}
