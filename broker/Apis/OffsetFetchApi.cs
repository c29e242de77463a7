using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// OffsetFetch 1 to 7: committed offsets, of all partitions from 2 on where none are named. From 7 on a caller may want
/// them stable (KIP-447): 88 while an open transaction may move one.
/// </summary>
internal sealed class OffsetFetchApi : Api<OffsetFetchApi.Request>
{
    internal sealed record Request(string GroupId, IReadOnlyList<TopicPartition>? Partitions, bool RequireStable);

    protected override Request Read(ref KafkaReader reader)
    {
        var groupId = reader.ReadString();
        var partitions = reader.Version >= 2
            ? TopicArrays.ReadNullableNumbers(ref reader)
            : TopicArrays.ReadNumbers(ref reader);
        var requireStable = reader.Version >= 7 && reader.ReadBoolean();
        return new Request(groupId, partitions, requireStable);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response(
        ErrorCode.None, broker.Coordinators.Groups.Fetch(request.GroupId, request.Partitions, request.RequireStable)));

    protected override IResponse Refuse(Request request, ErrorCode error)
    {
        error = CoordinatorErrors.ForGroup(error);
        return new Response(
            error, [.. (request.Partitions ?? []).Select(p => new FetchedOffset(p, -1, -1, "", error))]);
    }

    private sealed record Response(ErrorCode Error, IReadOnlyList<FetchedOffset> Offsets) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 3)
            {
                writer.WriteInt32(0);
            }

            TopicArrays.Write(writer, Offsets, o => o.Partition, static (w, offset) =>
            {
                w.WriteInt64(offset.Offset);
                if (w.Version >= 5)
                {
                    w.WriteInt32(offset.LeaderEpoch);
                }

                w.WriteString(offset.Metadata);
                w.WriteError(offset.Error);
                w.WriteTags();
            });
            if (writer.Version >= 2)
            {
                writer.WriteError(Error);
            }

            writer.WriteTags();
        }
    }
}
