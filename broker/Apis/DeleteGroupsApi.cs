using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>DeleteGroups 0 to 2: groups without members, with their offsets (KIP-229).</summary>
internal sealed class DeleteGroupsApi : Api<DeleteGroupsApi.Request>
{
    internal sealed record Request(IReadOnlyList<string> GroupIds);

    protected override Request Read(ref KafkaReader reader) => new(reader.ReadStringArray());

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) => broker.Coordinators.Answer(
        exchange, new Response([.. request.GroupIds.Select(id => (id, broker.Coordinators.Groups.Delete(id)))]));

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response([.. request.GroupIds.Select(id => (id, CoordinatorErrors.ForGroup(error)))]);

    private sealed record Response(IReadOnlyList<(string GroupId, ErrorCode Error)> Groups) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteArrayLength(Groups.Count);
            foreach (var (groupId, error) in Groups)
            {
                writer.WriteString(groupId);
                writer.WriteError(error);
                writer.WriteTags();
            }
            writer.WriteTags();
        }
    }
}
