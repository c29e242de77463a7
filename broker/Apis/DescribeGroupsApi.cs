using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// DescribeGroups 0 to 5: state, members and assignments; a group that is not there is Dead. Who asks (from 3 on)
/// may do everything with a group.
/// </summary>
internal sealed class DescribeGroupsApi : Api<DescribeGroupsApi.Request>
{
    private const int UnknownOperations = int.MinValue;

    /// <summary>Read, delete, describe, describe and alter configs: a bit for each of Kafka's numbers.</summary>
    private const int GroupOperations = 0b1101_0100_1000;

    internal sealed record Request(IReadOnlyList<string> GroupIds, bool WantsOperations);

    protected override Request Read(ref KafkaReader reader)
    {
        var groupIds = reader.ReadStringArray();
        return new Request(groupIds, reader.Version >= 3 && reader.ReadBoolean());
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response(
            [.. request.GroupIds.Select(broker.Coordinators.Groups.Describe)], request.WantsOperations));

    protected override IResponse Refuse(Request request, ErrorCode error) => new Response(
        [.. request.GroupIds.Select(id => new GroupDescription(error, id, GroupState.Dead, "", "", []))], false);

    private sealed record Response(IReadOnlyList<GroupDescription> Groups, bool WithOperations) : IResponse
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
                    writer.WriteInt32(WithOperations ? GroupOperations : UnknownOperations);
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
