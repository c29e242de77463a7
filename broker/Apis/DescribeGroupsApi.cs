using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// DescribeGroups 0 to 5: state, members and assignments; a group that is not there is Dead. Authorized operations are
/// not kept here, and answered as unknown.
/// </summary>
internal sealed class DescribeGroupsApi : Api<DescribeGroupsApi.Request>
{
    private const int UnknownOperations = int.MinValue;

    internal sealed record Request(IReadOnlyList<string> GroupIds);

    protected override Request Read(ref KafkaReader reader)
    {
        var request = new Request(reader.ReadStringArray());
        if (reader.Version >= 3)
        {
            reader.ReadBoolean();
        }

        return request;
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response([.. request.GroupIds.Select(broker.Coordinators.Groups.Describe)]));

    protected override IResponse Refuse(Request request, ErrorCode error) => new Response(
        [.. request.GroupIds.Select(id => new GroupDescription(error, id, GroupState.Dead, "", "", []))]);

    private sealed record Response(IReadOnlyList<GroupDescription> Groups) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 1)
            {
                writer.WriteInt32(0);
            }

            writer.WriteArrayLength(Groups.Count);
            foreach (var group in Groups)
            {
                writer.WriteError(group.Error);
                writer.WriteString(group.GroupId);
                writer.WriteString(group.Error == ErrorCode.None ? group.State.ToString() : "");
                writer.WriteString(group.ProtocolType);
                writer.WriteString(group.ProtocolName);
                writer.WriteArrayLength(group.Members.Count);
                foreach (var member in group.Members)
                {
                    WriteMember(writer, member);
                }

                if (writer.Version >= 3)
                {
                    writer.WriteInt32(UnknownOperations);
                }

                writer.WriteTags();
            }

            writer.WriteTags();
        }

        private static void WriteMember(KafkaWriter writer, MemberDescription member)
        {
            writer.WriteString(member.MemberId);
            if (writer.Version >= 4)
            {
                writer.WriteNullableString(member.GroupInstanceId);
            }

            writer.WriteString(member.ClientId);
            writer.WriteString(member.ClientHost);
            writer.WriteBytes(member.Metadata);
            writer.WriteBytes(member.Assignment);
            writer.WriteTags();
        }
    }
}
