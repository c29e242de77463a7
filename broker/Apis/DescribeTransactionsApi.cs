using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Transactions;

namespace Alloc.Broker.Apis;

/// <summary>
/// DescribeTransactions 0: state, producer and partitions of transactional ids; 105 for one that is not known
/// (KIP-664).
/// </summary>
internal sealed class DescribeTransactionsApi : Api<DescribeTransactionsApi.Request>
{
    internal sealed record Request(IReadOnlyList<string> TransactionalIds);

    protected override Request Read(ref KafkaReader reader)
    {
        var request = new Request(reader.ReadStringArray());
        return request;
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response(
        [.. request.TransactionalIds.Select(id => Describe(id, broker.Coordinators.Transactions.Find(id)))]));

    protected override IResponse Refuse(Request request, ErrorCode error) => new Response(
        [.. request.TransactionalIds.Select(id => (CoordinatorErrors.ForGroup(error), Unknown(id)))]);

    private static (ErrorCode Error, Transaction Transaction) Describe(string id, Transaction? transaction) =>
        id.Length == 0 ? (ErrorCode.InvalidRequest, Unknown(id))
        : transaction is null ? (ErrorCode.TransactionalIdNotFound, Unknown(id))
        : (ErrorCode.None, transaction);

    private static Transaction Unknown(string id) => new() { TransactionalId = id, TimeoutMs = 0 };

    private sealed record Response(IReadOnlyList<(ErrorCode Error, Transaction Transaction)> Transactions) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteArrayLength(Transactions.Count);
            foreach (var (error, transaction) in Transactions)
            {
                writer.WriteError(error);
                writer.WriteString(transaction.TransactionalId);
                writer.WriteString(error == ErrorCode.None ? transaction.State.ToString() : "");
                writer.WriteInt32(transaction.TimeoutMs);
                // Beside an error Kafka leaves these at 0.
                writer.WriteInt64(error == ErrorCode.None ? transaction.StartedAtMs : 0);
                writer.WriteInt64(error == ErrorCode.None ? transaction.ProducerId : 0);
                writer.WriteInt16(error == ErrorCode.None ? transaction.Epoch : (short)0);
                var topics = transaction.Partitions.GroupBy(p => p.Topic)
                    .OrderBy(t => t.Key, StringComparer.Ordinal).ToList();
                writer.WriteArrayLength(topics.Count);
                foreach (var topic in topics)
                {
                    writer.WriteString(topic.Key);
                    writer.WriteInt32Array([.. topic.Select(p => p.Partition).Order()]);
                    writer.WriteTags();
                }

                writer.WriteTags();
            }

            writer.WriteTags();
        }
    }
}
