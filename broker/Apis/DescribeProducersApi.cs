using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>DescribeProducers 0: who writes to partitions, and where their open transactions began (KIP-664).</summary>
internal sealed class DescribeProducersApi : Api<DescribeProducersApi.Request>
{
    internal sealed record Request(IReadOnlyList<TopicPartition> Partitions);

    internal sealed record Producer(
        long ProducerId, int Epoch, int LastSequence, long LastTimestampMs, int CoordinatorEpoch,
        long TransactionStartOffset);

    internal sealed record Partition(TopicPartition Name, ErrorCode Error, IReadOnlyList<Producer> Producers);

    protected override Request Read(ref KafkaReader reader)
    {
        var request = new Request(TopicArrays.ReadNumbers(ref reader));
        return request;
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response([.. request.Partitions.Select(p => Describe(p, broker))]));

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Partitions.Select(p => new Partition(p, error, []))]);

    private static Partition Describe(TopicPartition name, BrokerCore broker) =>
        broker.Topics.Find(name.Topic, name.Partition) is { } log
            ? new Partition(name, ErrorCode.None, [.. log.Producers.All.Select(Describe)])
            : new Partition(name, ErrorCode.UnknownTopicOrPartition, []);

    private static Producer Describe(ProducerState state) => new(
        state.ProducerId, state.Epoch, state.LastSequence, state.LastTimestampMs, state.CoordinatorEpoch,
        state.TransactionStartOffset);

    private sealed record Response(IReadOnlyList<Partition> Partitions) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            TopicArrays.Write(writer, Partitions, p => p.Name, static (w, partition) =>
            {
                w.WriteError(partition.Error);
                w.WriteNullableString(null);
                w.WriteArrayLength(partition.Producers.Count);
                foreach (var producer in partition.Producers)
                {
                    w.WriteInt64(producer.ProducerId);
                    w.WriteInt32(producer.Epoch);
                    w.WriteInt32(producer.LastSequence);
                    w.WriteInt64(producer.LastTimestampMs);
                    w.WriteInt32(producer.CoordinatorEpoch);
                    w.WriteInt64(producer.TransactionStartOffset);
                    w.WriteTags();
                }

                w.WriteTags();
            });
            writer.WriteTags();
        }
    }
}
