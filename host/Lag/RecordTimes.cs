using Confluent.Kafka;
using TopicPartition = Alloc.Engine.LogClient.TopicPartition;

namespace Alloc.Host.Lag;

/// <summary>
/// The times of the records at which groups stand: each is read once, for it does not change, and forgotten when nobody
/// stands there any more. Bounded reads a look; who is left out comes first the next time.
/// </summary>
internal sealed class RecordTimes
{
    private const int ReadsPerRound = 256;
    private const int RoundsPerLook = 4;
    private Dictionary<(TopicPartition Partition, long From), Entry> known = [];
    private List<(TopicPartition Partition, long From)> leftOut = [];

    /// <summary>
    /// A record; <see cref="Offset"/> is null where only markers lie between where it was looked for and the end.
    /// </summary>
    private readonly record struct Entry(long? Offset, long TimestampMs, long End);

    /// <summary>Reads what is not known yet.</summary>
    /// <param name="reads">Reads records.</param>
    /// <param name="places">Where groups stand, and the end as it was seen.</param>
    public void Look(LogReads reads, IReadOnlyDictionary<(TopicPartition Partition, long From), long> places)
    {
        known = known.Where(k => places.TryGetValue(k.Key, out var end)
            && (k.Value.Offset is not null || k.Value.End >= end)).ToDictionary();
        var wanted = leftOut.Where(p => places.ContainsKey(p) && !known.ContainsKey(p))
            .Concat(places.Keys.Where(p => !known.ContainsKey(p))).Distinct().ToList();
        for (var round = 0; round < RoundsPerLook && wanted.Count > 0; round++)
        {
            // A reader stands at one place of a partition.
            var now = wanted.DistinctBy(p => p.Partition).Take(ReadsPerRound).ToList();
            Dictionary<TopicPartition, (long Offset, long TimestampMs)?> found;
            try
            {
                found = reads.FirstRecords(now);
            }
            catch (KafkaException)
            {
                // That it is not known shows as an age without an upper bound; the next look tries again.
                break;
            }
            foreach (var place in now.Where(p => found.ContainsKey(p.Partition)))
            {
                known[place] = found[place.Partition] is var (offset, timestampMs)
                    ? new Entry(offset, timestampMs, places[place])
                    : new Entry(null, 0, places[place]);
            }
            wanted.RemoveAll(known.ContainsKey);
            if (found.Count < now.Count)
            {
                break;
            }
        }
        leftOut = wanted;
    }

    /// <summary>
    /// The first record from an offset on: whether that is known, and what it is. Null where only markers follow.
    /// </summary>
    public (bool IsKnown, (long Offset, long TimestampMs)? Record) At(TopicPartition partition, long from) =>
        !known.TryGetValue((partition, from), out var entry) ? (false, null)
        : entry.Offset is { } offset ? (true, (offset, entry.TimestampMs))
        : (true, null);
}
