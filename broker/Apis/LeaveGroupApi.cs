using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// LeaveGroup 0 to 4: a member leaves; from 3 on several may, and static members are named by their instance id, which
/// is how an operator removes them (KIP-345).
/// </summary>
internal sealed class LeaveGroupApi : Api<LeaveGroupApi.Request>
{
    internal sealed record Request(string GroupId, IReadOnlyList<LeavingMember> Members);

    protected override Request Read(ref KafkaReader reader)
    {
        var groupId = reader.ReadString();
        if (reader.Version < 3)
        {
            return new Request(groupId, [new LeavingMember(reader.ReadString(), null)]);
        }

        var members = new LeavingMember[reader.ReadArrayLength(4)];
        for (var index = 0; index < members.Length; index++)
        {
            members[index] = new LeavingMember(reader.ReadString(), reader.ReadNullableString());
            reader.SkipTags();
        }

        return new Request(groupId, members);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response(
            ErrorCode.None, broker.Coordinators.Groups.Leave(request.GroupId, request.Members, broker.Loop.NowMs)));

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response(CoordinatorErrors.ForGroup(error), []);

    private sealed record Response(ErrorCode Error, IReadOnlyList<LeftMember> Members) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 1)
            {
                writer.WriteInt32(0);
            }

            if (writer.Version < 3)
            {
                writer.WriteError(Error == ErrorCode.None && Members.Count > 0 ? Members[0].Error : Error);
                return;
            }

            writer.WriteError(Error);
            writer.WriteArrayLength(Members.Count);
            foreach (var member in Members)
            {
                writer.WriteString(member.MemberId);
                writer.WriteNullableString(member.GroupInstanceId);
                writer.WriteError(member.Error);
                writer.WriteTags();
            }

            writer.WriteTags();
        }
    }
}
