using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Transactions;

namespace Alloc.Broker.Apis;

/// <summary>
/// InitProducerId 0 to 4: an id for an idempotent producer; for a transactional one the next epoch, which fences the
/// producer before it. From 3 on a producer may go on after an error (KIP-360), 4 knows PRODUCER_FENCED.
/// </summary>
internal sealed class InitProducerIdApi : Api<InitProducerIdRequest>
{
    private const short FencedSince = 4;

    protected override InitProducerIdRequest Read(ref KafkaReader reader)
    {
        var request = new InitProducerIdRequest(
            reader.ReadNullableString(),
            reader.ReadInt32(),
            reader.Version >= 3 ? reader.ReadInt64() : -1,
            reader.Version >= 3 ? reader.ReadInt16() : (short)-1);
        return request;
    }

    protected override void Handle(InitProducerIdRequest request, Exchange exchange, BrokerCore broker) =>
        broker.Coordinators.Transactions.InitProducerId(
            request, broker.Loop.NowMs, response => exchange.Answer(new Response(response)));

    protected override IResponse Refuse(InitProducerIdRequest request, ErrorCode error) =>
        new Response(InitProducerIdResponse.Failed(error));

    private sealed record Response(InitProducerIdResponse Body) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteError(CoordinatorErrors.ForProducer(Body.Error, writer.Version, FencedSince));
            writer.WriteInt64(Body.ProducerId);
            writer.WriteInt16(Body.Epoch);
            writer.WriteTags();
        }
    }
}
