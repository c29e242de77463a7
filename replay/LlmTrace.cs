using System.Globalization;
using CsvHelper;

namespace Alloc.Replay;

/// <summary>
/// Azure's trace of language model inference: requests with the tokens of their context and of their answer. A request
/// holds room for its context and the longest answer on one replica, confirms what it needed when it is done (the
/// rest is released), and gives it back.
/// </summary>
/// <remarks>
/// Invented, from the seed: the replica, the channel (one request in five is batch work) and the capacity; the time
/// that a request takes follows from its tokens.
/// </remarks>
internal sealed class LlmTrace(long seed)
{
    public const string Format = "azure-llm";

    public const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    /// <summary>Tokens of the longest answer in the file: what a request asks room for.</summary>
    public const int LongestAnswer = 1_000;

    public const int ReplicaCount = 4;
    public const long ReplicaTokens = 40_000;
    private const double MsPerAnswerToken = 20;
    private const double MsPerContextToken = 0.2;
    private const int BatchPercent = 20;
    private const int Most = 1_000_000;
    private readonly Seeded seeded = new(seed);

    /// <summary>Plans the trace.</summary>
    /// <param name="text">Text of the file.</param>
    /// <param name="limit">Only the first requests; null for all.</param>
    /// <param name="onReject">Called with each line that is not replayed.</param>
    public TracePlan Plan(TextReader text, long? limit, Action<RejectedLine> onReject)
    {
        var (items, lines, rejected) = TraceReader.Read(text, Format, Header, limit, ReadRequest, onReject);
        var pools = Enumerable.Range(1, ReplicaCount).Select(n => new TracePool(Replica(n), "token", ReplicaTokens));
        return new TracePlan([.. pools], items, lines, rejected);
    }

    private TraceItem? ReadRequest(CsvParser csv, long row, out RejectReason reason)
    {
        if (!TraceReader.TryNumber(csv[1], 0, Most, out var context)
            || !TraceReader.TryNumber(csv[2], 0, Most, out var answer)
            || context + answer == 0 || answer > LongestAnswer)
        {
            reason = RejectReason.BadQuantity;
            return null;
        }
        if (!DateTime.TryParse(
            csv[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var at))
        {
            reason = RejectReason.BadDate;
            return null;
        }
        reason = default;
        var id = $"request-{row - 1}";
        var doneAt = at.AddMilliseconds((context * MsPerContextToken) + (answer * MsPerAnswerToken));
        return new TraceItem
        {
            Row = row,
            Id = id,
            Channel = seeded.Next("channel/" + id, 100) < BatchPercent ? "batch" : "chat",
            Shares =
            [
                new TraceShare(
                    Replica(1 + seeded.Next("replica/" + id, ReplicaCount)), context + LongestAnswer, context + answer),
            ],
            BeginsAt = at,
            ConfirmedAt = doneAt,
            EndsAt = doneAt,
        };
    }

    private static string Replica(int number) => $"llm/replica-{number}";
}
