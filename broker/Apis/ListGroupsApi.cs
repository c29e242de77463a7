using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// ListGroups 0 to 5: all groups; 4 has their states (KIP-518), 5 their type, which here is always classic.
/// </summary>
internal sealed class ListGroupsApi : Api<ListGroupsApi.Request>
{
    private const string GroupType = "classic";

    /// <param name="States">Only groups in one of these; empty for all.</param>
    /// <param name="Types">Only groups of one of these; empty for all.</param>
    internal sealed record Request(IReadOnlyList<string> States, IReadOnlyList<string> Types);

    protected override Request Read(ref KafkaReader reader)
    {
        var request = new Request(
            reader.Version >= 4 ? reader.ReadStringArray() : [],
            reader.Version >= 5 ? reader.ReadStringArray() : []);
        return request;
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var isTypeWanted = request.Types.Count == 0
            || request.Types.Contains(GroupType, StringComparer.OrdinalIgnoreCase);
        var groups = isTypeWanted ? broker.Coordinators.Groups.List() : [];
        exchange.Answer(new Response(ErrorCode.None,
        [
            .. groups.Where(g => request.States.Count == 0 ||
                request.States.Contains(g.State.ToString(), StringComparer.OrdinalIgnoreCase)),
        ]));
    }

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response(CoordinatorErrors.ForGroup(error), []);

    private sealed record Response(ErrorCode Error, IReadOnlyList<GroupListing> Groups) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 1)
            {
                writer.WriteInt32(0);
            }

            writer.WriteError(Error);
            writer.WriteArrayLength(Groups.Count);
            foreach (var group in Groups)
            {
                writer.WriteString(group.GroupId);
                writer.WriteString(group.ProtocolType);
                if (writer.Version >= 4)
                {
                    writer.WriteString(group.State.ToString());
                }

                if (writer.Version >= 5)
                {
                    writer.WriteString(GroupType);
                }

                writer.WriteTags();
            }

            writer.WriteTags();
        }
    }
}
