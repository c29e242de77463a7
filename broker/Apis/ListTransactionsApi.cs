using System.Text.RegularExpressions;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Transactions;

namespace Alloc.Broker.Apis;

/// <summary>
/// ListTransactions 0 to 2: transactional ids, by state and producer; 1 also by how long their transaction is open, 2
/// also by a pattern (KIP-664, KIP-994, KIP-1152).
/// </summary>
internal sealed class ListTransactionsApi : Api<ListTransactionsApi.Request>
{
    private static readonly string[] States = Enum.GetNames<TransactionState>();

    /// <param name="StateFilters">Only ids in one of these; empty for all.</param>
    /// <param name="ProducerIdFilters">Only these producers; empty for all.</param>
    /// <param name="OpenLongerThanMs">Only transactions open for longer; negative for all.</param>
    /// <param name="Pattern">Only ids that match as a whole; null or empty for all.</param>
    internal sealed record Request(
        IReadOnlyList<string> StateFilters, IReadOnlyList<long> ProducerIdFilters,
        long OpenLongerThanMs, string? Pattern);

    protected override Request Read(ref KafkaReader reader)
    {
        var request = new Request(
            reader.ReadStringArray(),
            reader.ReadInt64Array(),
            reader.Version >= 1 ? reader.ReadInt64() : -1,
            reader.Version >= 2 ? reader.ReadNullableString() : null);
        return request;
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        Regex? pattern = null;
        try
        {
            pattern = string.IsNullOrEmpty(request.Pattern)
                ? null
                : new Regex(
                    $@"\A(?:{request.Pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            exchange.Answer(Refuse(request, ErrorCode.InvalidRegularExpression));
            return;
        }

        var nowMs = broker.Loop.NowMs;
        exchange.Answer(new Response(
            ErrorCode.None,
            [.. request.StateFilters.Except(States)],
            [
                .. broker.Coordinators.Transactions.Transactions.Where(t =>
                    (request.StateFilters.Count == 0 || request.StateFilters.Contains(t.State.ToString())) &&
                    (request.ProducerIdFilters.Count == 0 || request.ProducerIdFilters.Contains(t.ProducerId)) &&
                    (request.OpenLongerThanMs < 0
                        || (t.StartedAtMs >= 0 && nowMs - t.StartedAtMs > request.OpenLongerThanMs)) &&
                    (pattern is null || pattern.IsMatch(t.TransactionalId))),
            ]));
    }

    protected override IResponse Refuse(Request request, ErrorCode error) =>
        new Response(CoordinatorErrors.ForGroup(error), [], []);

    private sealed record Response(
        ErrorCode Error, IReadOnlyList<string> UnknownStates, IReadOnlyList<Transaction> Transactions) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteError(Error);
            writer.WriteStringArray([.. UnknownStates]);
            writer.WriteArrayLength(Transactions.Count);
            foreach (var transaction in Transactions)
            {
                writer.WriteString(transaction.TransactionalId);
                writer.WriteInt64(transaction.ProducerId);
                writer.WriteString(transaction.State.ToString());
                writer.WriteTags();
            }

            writer.WriteTags();
        }
    }
}
