using Alloc.Engine.LogClient;
using Confluent.Kafka;
using TopicPartition = Alloc.Engine.LogClient.TopicPartition;

namespace Alloc.Host.Lag;

/// <summary>
/// Partitions whose last stable offset stands before their end. Transactions open and close all the time, so only one
/// that stands from one look to the next is asked for its producer: a few a look, and again now and then.
/// </summary>
internal sealed class OpenTransactions
{
    private const int QuestionsPerLook = 8;
    private const int LooksBetween = 6;
    private readonly Dictionary<TopicPartition, Standing> standing = [];

    private sealed class Standing(long offset, long sinceMs)
    {
        public long Offset => offset;

        public long SinceMs => sinceMs;

        public int Looks { get; set; }

        public OpenTransaction? Transaction { get; set; }
    }

    /// <summary>The partitions that stand.</summary>
    public IReadOnlyList<OpenPartition> Open => [.. standing.Select(s => new OpenPartition(
        s.Key, s.Value.Offset, Math.Min(s.Value.SinceMs, s.Value.Transaction?.StartedAtMs ?? long.MaxValue),
        s.Value.Looks > 0, s.Value.Transaction))];

    /// <summary>Takes what was seen.</summary>
    /// <param name="ends">High watermarks, asked for first.</param>
    /// <param name="stable">Last stable offsets, asked for then: one before the end stood open in between.</param>
    /// <param name="nowMs">When, milliseconds since 1970 UTC.</param>
    /// <param name="ask">Asks whose transaction it is.</param>
    public void Look(
        Dictionary<TopicPartition, long> ends, Dictionary<TopicPartition, long> stable, long nowMs,
        Func<TopicPartition, long, OpenTransaction?> ask)
    {
        foreach (var (partition, end) in ends)
        {
            if (!stable.TryGetValue(partition, out var offset))
            {
                continue;
            }
            if (offset >= end)
            {
                standing.Remove(partition);
            }
            else if (!standing.TryGetValue(partition, out var before) || before.Offset != offset)
            {
                standing[partition] = new Standing(offset, nowMs);
            }
            else
            {
                before.Looks++;
            }
        }
        var due = standing.Where(s => s.Value.Looks > 0
                && (s.Value.Transaction is null || s.Value.Looks % LooksBetween == 0))
            .OrderBy(s => s.Value.Transaction is not null).ThenBy(s => s.Value.SinceMs).Take(QuestionsPerLook);
        foreach (var (partition, place) in due.ToList())
        {
            try
            {
                place.Transaction = ask(partition, place.Offset);
            }
            catch (KafkaException)
            {
                // Who it is stays unknown; that it stands is told all the same.
                return;
            }
        }
    }

    /// <summary>Lets go of a partition that is no more.</summary>
    public void Forget(TopicPartition gone) => standing.Remove(gone);

    /// <summary>The transaction that hides what a group stands at, in words, or null.</summary>
    public string? Hides(TopicPartition partition, long from) =>
        standing.TryGetValue(partition, out var place) && place.Looks > 0 && from >= place.Offset
            ? place.Transaction?.ToString()
                ?? FormattableString.Invariant($"a transaction stands open at offset {place.Offset}")
            : null;
}
