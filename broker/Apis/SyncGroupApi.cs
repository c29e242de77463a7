using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// SyncGroup 0 to 5: the leader hands in the assignments, every member gets its own. From 5 on both sides name the
/// protocol that they mean (KIP-559).
/// </summary>
internal sealed class SyncGroupApi : Api<SyncGroupRequest>
{
    protected override SyncGroupRequest Read(ref KafkaReader reader)
    {
        var groupId = reader.ReadString();
        var generationId = reader.ReadInt32();
        var memberId = reader.ReadString();
        var instanceId = reader.Version >= 3 ? reader.ReadNullableString() : null;
        var protocolType = reader.Version >= 5 ? reader.ReadNullableString() : null;
        var protocolName = reader.Version >= 5 ? reader.ReadNullableString() : null;
        return new SyncGroupRequest(groupId, generationId, memberId, instanceId, ReadAssignments(ref reader))
        {
            ProtocolType = protocolType,
            ProtocolName = protocolName,
        };
    }

    protected override void Handle(SyncGroupRequest request, Exchange exchange, BrokerCore broker)
    {
        if (exchange.Version >= 5 && (request.ProtocolType is null || request.ProtocolName is null))
        {
            exchange.Answer(Refuse(request, ErrorCode.InconsistentGroupProtocol));
            return;
        }

        broker.Coordinators.Groups.Sync(
            request, broker.Loop.NowMs, response => broker.Coordinators.Answer(exchange, new Response(response)));
    }

    protected override IResponse Refuse(SyncGroupRequest request, ErrorCode error) =>
        new Response(SyncGroupResponse.Failed(CoordinatorErrors.ForGroup(error)));

    private static MemberAssignment[] ReadAssignments(ref KafkaReader reader)
    {
        var assignments = new MemberAssignment[reader.ReadArrayLength(6)];
        for (var index = 0; index < assignments.Length; index++)
        {
            assignments[index] = new MemberAssignment(reader.ReadString(), reader.ReadBytes().ToArray());
            reader.SkipTags();
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
            if (writer.Version >= 5)
            {
                writer.WriteNullableString(Body.ProtocolType);
                writer.WriteNullableString(Body.ProtocolName);
            }

            writer.WriteBytes(Body.Assignment);
            writer.WriteTags();
        }
    }
}
