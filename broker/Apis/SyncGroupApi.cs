using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>SyncGroup 0 to 3: the leader hands in the assignments, every member gets its own.</summary>
internal sealed class SyncGroupApi : Api<SyncGroupRequest>
{
    protected override SyncGroupRequest Read(ref KafkaReader reader) => new(
        reader.ReadString(),
        reader.ReadInt32(),
        reader.ReadString(),
        reader.Version >= 3 ? reader.ReadNullableString() : null,
        ReadAssignments(ref reader));

    protected override void Handle(SyncGroupRequest request, Exchange exchange, BrokerCore broker) =>
        broker.Coordinators.Groups.Sync(
            request, broker.Loop.NowMs, response => broker.Coordinators.Answer(exchange, new Response(response)));

    protected override IResponse Refuse(SyncGroupRequest request, ErrorCode error) =>
        new Response(SyncGroupResponse.Failed(CoordinatorErrors.ForGroup(error)));

    private static MemberAssignment[] ReadAssignments(ref KafkaReader reader)
    {
        var assignments = new MemberAssignment[reader.ReadArrayLength(6)];
        for (var index = 0; index < assignments.Length; index++)
        {
            assignments[index] = new MemberAssignment(reader.ReadString(), reader.ReadBytes().ToArray());
        }

        return assignments;
    }

    private sealed record Response(SyncGroupResponse Body) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 1)
            {
                writer.WriteInt32(0);
            }

            writer.WriteError(Body.Error);
            writer.WriteBytes(Body.Assignment);
        }
    }
}
