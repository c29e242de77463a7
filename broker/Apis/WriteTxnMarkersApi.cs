using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// WriteTxnMarkers 1: ends transactions in partitions without asking the coordinator. Between brokers in a cluster;
/// here only the operator's tool sends it, to abort a transaction that hangs (KIP-664).
/// </summary>
internal sealed class WriteTxnMarkersApi : Api<WriteTxnMarkersApi.Request>
{
    internal sealed record Marker(
        ProducerIdentity Producer, bool IsCommit, IReadOnlyList<TopicPartition> Partitions, int CoordinatorEpoch);

    internal sealed record Request(IReadOnlyList<Marker> Markers);

    protected override Request Read(ref KafkaReader reader)
    {
        var markers = new Marker[reader.ReadArrayLength()];
        for (var index = 0; index < markers.Length; index++)
        {
            var producer = new ProducerIdentity(reader.ReadInt64(), reader.ReadInt16());
            markers[index] = new Marker(
                producer, reader.ReadBoolean(), TopicArrays.ReadNumbers(ref reader), reader.ReadInt32());
            reader.SkipTags();
        }

        return new Request(markers);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response([.. request.Markers.Select(m => (
            m.Producer.ProducerId,
            (IReadOnlyList<Groups.PartitionError>)[
                .. m.Partitions.Select(p => new Groups.PartitionError(p, Write(m, p, broker))),
            ]))]));

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Markers.Select(m => (
            m.Producer.ProducerId,
            (IReadOnlyList<Groups.PartitionError>)[
                .. m.Partitions.Select(p => new Groups.PartitionError(p, error)),
            ]))]);

    private static ErrorCode Write(Marker marker, TopicPartition partition, BrokerCore broker)
    {
        if (broker.Topics.Find(partition.Topic, partition.Partition) is not { } log)
        {
            return ErrorCode.UnknownTopicOrPartition;
        }

        var state = log.Producers.Find(marker.Producer.ProducerId);
        if (state is not null && marker.Producer.Epoch < state.Epoch)
        {
            return ErrorCode.InvalidProducerEpoch;
        }

        if (state is not null && marker.CoordinatorEpoch < state.CoordinatorEpoch)
        {
            return ErrorCode.TransactionCoordinatorFenced;
        }

        log.AppendMarker(marker.Producer, marker.CoordinatorEpoch, marker.IsCommit);
        return ErrorCode.None;
    }

    private sealed record Response(
        IReadOnlyList<(long ProducerId, IReadOnlyList<Groups.PartitionError> Partitions)> Markers) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteArrayLength(Markers.Count);
            foreach (var (producerId, partitions) in Markers)
            {
                writer.WriteInt64(producerId);
                TopicArrays.Write(writer, partitions, p => p.Partition, static (w, p) =>
                {
                    w.WriteError(p.Error);
                    w.WriteTags();
                });
                writer.WriteTags();
            }

            writer.WriteTags();
        }
    }
}
