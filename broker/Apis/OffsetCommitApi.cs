using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// OffsetCommit 2 to 8: offsets of a member of the group's generation, or with −1 and no names of a client that manages
/// its partitions itself. The retention time that versions 2 to 4 name is not looked at: offsets do not expire.
/// </summary>
internal sealed class OffsetCommitApi : Api<OffsetCommitApi.Request>
{
    internal sealed record Request(string GroupId, GroupCaller Caller, IReadOnlyList<OffsetToCommit> Offsets);

    protected override Request Read(ref KafkaReader reader)
    {
        var groupId = reader.ReadString();
        var caller = new GroupCaller(
            reader.ReadInt32(), reader.ReadString(), reader.Version >= 7 ? reader.ReadNullableString() : null);
        if (reader.Version <= 4)
        {
            reader.ReadInt64();
        }

        return new Request(groupId, caller, TopicArrays.Read(
            ref reader,
            static (ref KafkaReader r, string topic) =>
            {
                var offset = new OffsetToCommit(
                    new TopicPartition(topic, r.ReadInt32()), r.ReadInt64(), r.Version >= 6 ? r.ReadInt32() : -1,
                    r.ReadNullableString());
                r.SkipTags();
                return offset;
            }));
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var known = request.Offsets.Where(o => broker.Coordinators.HasPartition(o.Partition)).ToList();
        var committed = broker.Coordinators.Groups.Commit(request.GroupId, request.Caller, known, broker.Loop.NowMs);
        var unknown = request.Offsets.Where(o => !broker.Coordinators.HasPartition(o.Partition))
            .Select(o => new PartitionError(o.Partition, ErrorCode.UnknownTopicOrPartition));
        broker.Coordinators.Answer(exchange, Response([.. committed, .. unknown]));
    }

    protected override IResponse Refuse(Request request, ErrorCode error) => Response(
        [.. request.Offsets.Select(o => new PartitionError(o.Partition, CoordinatorErrors.ForGroup(error)))]);

    private static PartitionErrorsResponse Response(IReadOnlyList<PartitionError> partitions) =>
        new(partitions, ThrottledFrom: 3);
}
