using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// JoinGroup 0 to 7: a member asks to be in the next generation, and is answered when all are there. From 4 on a new
/// dynamic member is given an id first (KIP-394), 5 has static members (KIP-345), 7 the type of protocol (KIP-559).
/// </summary>
internal sealed class JoinGroupApi : Api<JoinGroupApi.Request>
{
    internal sealed record Request(
        string GroupId,
        int SessionTimeoutMs,
        int RebalanceTimeoutMs,
        string MemberId,
        string? GroupInstanceId,
        string ProtocolType,
        IReadOnlyList<GroupProtocol> Protocols);

    protected override Request Read(ref KafkaReader reader)
    {
        var groupId = reader.ReadString();
        var sessionTimeoutMs = reader.ReadInt32();
        return new Request(
            groupId,
            sessionTimeoutMs,
            reader.Version >= 1 ? reader.ReadInt32() : sessionTimeoutMs,
            reader.ReadString(),
            reader.Version >= 5 ? reader.ReadNullableString() : null,
            reader.ReadString(),
            ReadProtocols(ref reader));
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        broker.Coordinators.Groups.Join(
            new JoinGroupRequest(
                request.GroupId, request.SessionTimeoutMs, request.RebalanceTimeoutMs, request.MemberId,
                request.GroupInstanceId, request.ProtocolType, request.Protocols, exchange.ClientId ?? "",
                exchange.ClientHost, RequiresMemberId: exchange.Version >= 4),
            broker.Loop.NowMs,
            response => exchange.Answer(new Response(response)));

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response(JoinGroupResponse.Failed(CoordinatorErrors.ForGroup(error), request.MemberId));

    private static GroupProtocol[] ReadProtocols(ref KafkaReader reader)
    {
        var protocols = new GroupProtocol[reader.ReadArrayLength(6)];
        for (var index = 0; index < protocols.Length; index++)
        {
            protocols[index] = new GroupProtocol(reader.ReadString(), reader.ReadBytes().ToArray());
            reader.SkipTags();
        }

        return protocols;
    }

    private sealed record Response(JoinGroupResponse Body) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 2)
            {
                writer.WriteInt32(0);
            }

            writer.WriteError(Body.Error);
            writer.WriteInt32(Body.GenerationId);
            if (writer.Version >= 7)
            {
                writer.WriteNullableString(Body.ProtocolType);
            }

            writer.WriteNullableString(writer.Version >= 7 && Body.ProtocolName.Length == 0 ? null : Body.ProtocolName);
            writer.WriteString(Body.LeaderId);
            writer.WriteString(Body.MemberId);
            writer.WriteArrayLength(Body.Members.Count);
            foreach (var member in Body.Members)
            {
                writer.WriteString(member.MemberId);
                if (writer.Version >= 5)
                {
                    writer.WriteNullableString(member.GroupInstanceId);
                }

                writer.WriteBytes(member.Metadata);
                writer.WriteTags();
            }

            writer.WriteTags();
        }
    }
}
