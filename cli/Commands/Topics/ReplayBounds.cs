using System.Globalization;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Notation;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Topics;

/// <summary>One end of a range as it was written: an offset, a time, or nothing.</summary>
/// <param name="Offset">The offset; null for a time.</param>
/// <param name="TimeMs">Milliseconds since 1970 UTC; null for an offset.</param>
internal sealed record ReplayBound(long? Offset, long? TimeMs)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="AllocException">It is neither.</exception>
    public static ReplayBound? Read(CommandContext context, string option, string? text)
    {
        if (text is null)
        {
            return null;
        }
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            return new ReplayBound(offset, null);
        }
        var nowMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return TimeText.TryRead(text, nowMs, out var timeMs, out var problem)
            ? new ReplayBound(null, timeMs)
            : throw AllocException.Usage($"{option}: '{text}' {problem}.", "Or write an offset.");
    }
}

/// <summary>Which offsets of the source a replay reads.</summary>
/// <param name="settings">Where.</param>
/// <param name="source">The topic.</param>
/// <param name="partitions">Its partitions that are meant.</param>
internal sealed class ReplayBounds(AllocClientOptions settings, string source, IReadOnlyList<int> partitions)
{
    /// <summary>
    /// The ranges, up to what is committed now. Partitions with nothing to read are left out. A time is the first
    /// record that is as new; where times of the source are its writers', the range goes on to the end, and every
    /// record's own time is looked at.
    /// </summary>
    /// <param name="from">Where it begins; null: with the first record.</param>
    /// <param name="until">Where it ends, not included; null: at the end.</param>
    /// <param name="hasOwnTimes">Whether the source's times are its writers', and may go back.</param>
    /// <exception cref="AllocException">The range makes no sense.</exception>
    public IReadOnlyList<ReplayRange> Find(ReplayBound? from, ReplayBound? until, bool hasOwnTimes)
    {
        CheckOrder(from, until);
        using var consumer = new KafkaClients(settings).Consumer();
        var starts = from?.TimeMs is { } startMs ? ByTime(consumer, startMs) : [];
        var stops = until?.TimeMs is { } stopMs && !hasOwnTimes ? ByTime(consumer, stopMs) : [];
        var ranges = new List<ReplayRange>();
        foreach (var partition in partitions)
        {
            var ends = consumer.BoundsOf(new TopicPartition(source, partition), settings.Timeout);
            var (low, high) = (ends.Low.Value, ends.High.Value);
            var first = from switch
            {
                null => low,
                { Offset: { } offset } => Checked("--from", offset, partition, low, high),
                _ => starts.GetValueOrDefault(partition, high),
            };
            var end = until switch
            {
                { Offset: { } offset } => Checked("--until", offset, partition, low, high),
                { TimeMs: not null } => Math.Min(high, stops.GetValueOrDefault(partition, high)),
                _ => high,
            };
            if (end > first)
            {
                ranges.Add(new ReplayRange(partition, first, end));
            }
        }
        return ranges;
    }

    private void CheckOrder(ReplayBound? from, ReplayBound? until)
    {
        if ((from?.Offset ?? until?.Offset) is not null && partitions.Count > 1)
        {
            throw AllocException.Usage(
                $"An offset is of one partition, and {source} has {partitions.Count}.", "Give --partition, or a time.");
        }
        if ((from?.Offset >= until?.Offset) || (from?.TimeMs >= until?.TimeMs))
        {
            throw AllocException.Usage("--from is not before --until.", "--until itself is not replayed.");
        }
    }

    private long Checked(string option, long offset, int partition, long low, long high) =>
        offset >= low && offset <= high ? offset : throw AllocException.Usage(
            high == low
                ? $"{option} {offset}: partition {partition} of {source} has no records; its next offset is {high}."
                : $"{option} {offset}: partition {partition} of {source} has the offsets {low} to {high - 1}.",
            "Only committed records are replayed, and retention may have taken earlier ones.");

    private Dictionary<int, long> ByTime(IConsumer<byte[]?, byte[]?> consumer, long timeMs)
    {
        var time = new Timestamp(Math.Max(0, timeMs), TimestampType.CreateTime);
        return consumer.OffsetsForTimes(
            partitions.Select(p => new TopicPartitionTimestamp(source, p, time)), settings.Timeout)
            .Where(found => found.Offset.Value >= 0)
            .ToDictionary(found => found.Partition.Value, found => found.Offset.Value);
    }
}
