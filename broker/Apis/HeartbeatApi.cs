using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>Heartbeat 0 to 4: a member is alive; 27 tells it to join again.</summary>
internal sealed class HeartbeatApi : Api<HeartbeatRequest>
{
    protected override HeartbeatRequest Read(ref KafkaReader reader) => new(
        reader.ReadString(),
        reader.ReadInt32(),
        reader.ReadString(),
        reader.Version >= 3 ? reader.ReadNullableString() : null);

    protected override void Handle(HeartbeatRequest request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(Response(broker.Coordinators.Groups.Heartbeat(request, broker.Loop.NowMs)));

    protected override IResponse Refuse(HeartbeatRequest request, ErrorCode error) =>
        Response(CoordinatorErrors.ForGroup(error));

    private static ErrorResponse Response(ErrorCode error) => new(error, ThrottledFrom: 1);
}
