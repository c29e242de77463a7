using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>OffsetDelete 0: committed offsets of topics that the group does not read (KIP-496).</summary>
internal sealed class OffsetDeleteApi : Api<OffsetDeleteApi.Request>
{
    internal sealed record Request(string GroupId, IReadOnlyList<TopicPartition> Partitions);

    protected override Request Read(ref KafkaReader reader) =>
        new(reader.ReadString(), TopicArrays.ReadNumbers(ref reader));

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var known = request.Partitions.Where(broker.Coordinators.HasPartition).ToList();
        var unknown = request.Partitions.Except(known)
            .Select(p => new PartitionError(p, ErrorCode.UnknownTopicOrPartition));
        var (error, partitions) = broker.Coordinators.Groups.DeleteOffsets(request.GroupId, known);
        broker.Coordinators.Answer(
            exchange, new Response(error, error == ErrorCode.None ? [.. partitions, .. unknown] : []));
    }

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response(CoordinatorErrors.ForGroup(error), []);

    private sealed record Response(ErrorCode Error, IReadOnlyList<PartitionError> Partitions) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteError(Error);
            writer.WriteInt32(0);
            TopicArrays.Write(writer, Partitions, p => p.Partition, static (w, p) => w.WriteError(p.Error));
        }
    }
}
