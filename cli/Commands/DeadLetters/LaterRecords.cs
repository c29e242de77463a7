using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>
/// What came later under a letter's key, in the partition that it was read from; and the headers that it had there.
/// Dead records are not counted: they had no effect.
/// </summary>
internal sealed class LaterRecords
{
    private const int Shown = 3;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private readonly Dictionary<RecordPosition, Later> found = [];

    /// <summary>What came after a letter; <see cref="Later.None"/> where it has no key or no origin.</summary>
    public Later After(DeadLetter letter) => found.GetValueOrDefault(letter.At, Later.None);

    /// <summary>Looks.</summary>
    /// <param name="settings">Where.</param>
    /// <param name="letters">The letters.</param>
    /// <param name="dead">Where the dead records stood.</param>
    /// <param name="most">Records that are looked through, over all partitions.</param>
    /// <param name="onProgress">Told how many of how many offsets were looked through.</param>
    /// <param name="cancellation">Ends it.</param>
    public static LaterRecords Find(
        AllocClientOptions settings, IEnumerable<DeadLetter> letters, HashSet<RecordPosition> dead, long most,
        Action<long, long> onProgress, CancellationToken cancellation)
    {
        var later = new LaterRecords();
        var left = most;
        using var consumer = new KafkaClients(settings).Consumer();
        var groups = letters.Where(l => l.Origin is not null)
            .GroupBy(l => new TopicPartition(l.Origin!.Value.Topic, l.Origin.Value.Partition)).ToList();
        foreach (var group in groups)
        {
            left -= later.Search(consumer, settings, group.Key, [.. group], dead, left, onProgress, cancellation);
        }
        return later;
    }

    private long Search(
        IConsumer<byte[]?, byte[]?> consumer, AllocClientOptions settings, TopicPartition partition,
        IReadOnlyList<DeadLetter> letters, HashSet<RecordPosition> dead, long most, Action<long, long> onProgress,
        CancellationToken cancellation)
    {
        var byKey = letters.Where(l => l.Key is not null).ToLookup(l => Convert.ToBase64String(l.Key!));
        var byOffset = letters.ToLookup(l => l.Origin!.Value.Offset);
        foreach (var letter in letters)
        {
            found[letter.At] = new Later(0, null, null, letter.Key is null, [], null);
        }
        var ends = consumer.BoundsOf(partition, settings.Timeout);
        var first = Math.Clamp(letters.Min(l => l.Origin!.Value.Offset), ends.Low.Value, ends.High.Value);
        var (read, position, silent) = (0L, first, TimeSpan.Zero);
        consumer.Assign(new TopicPartitionOffset(partition, first));
        while (position < ends.High.Value && read < most)
        {
            cancellation.ThrowIfCancellationRequested();
            onProgress(position - first, ends.High.Value - first);
            if (consumer.Consume(Look) is not { } record)
            {
                silent += Look;
                if (silent > settings.Timeout)
                {
                    throw AllocException.Unavailable(
                        $"The broker gave no record of {partition.Topic} for {silent.TotalSeconds:0} s.",
                        "Is it still running? Ask again.");
                }
                continue;
            }
            silent = TimeSpan.Zero;
            position = record.Offset.Value + (record.IsPartitionEOF ? 0 : 1);
            if (record.IsPartitionEOF)
            {
                break;
            }
            read++;
            foreach (var letter in byOffset[record.Offset.Value])
            {
                found[letter.At] = found[letter.At] with { Own = record.Message.Headers };
            }
            if (record.Message.Key is { } key
                && !dead.Contains(new RecordPosition(record.Topic, record.Partition.Value, record.Offset.Value)))
            {
                See(byKey[Convert.ToBase64String(key)], record);
            }
        }
        consumer.Unassign();
        foreach (var letter in letters.Where(_ => position >= ends.High.Value || read < most))
        {
            found[letter.At] = found[letter.At] with { IsWhole = true };
        }
        return read;
    }

    private void See(IEnumerable<DeadLetter> letters, ConsumeResult<byte[]?, byte[]?> record)
    {
        foreach (var letter in letters.Where(l => l.Origin!.Value.Offset < record.Offset.Value))
        {
            var before = found[letter.At];
            found[letter.At] = before with
            {
                Count = before.Count + 1,
                First = before.First ?? record.Offset.Value,
                Last = record.Offset.Value,
                Records = before.Records.Count < Shown ? [.. before.Records, record] : before.Records,
            };
        }
    }
}

/// <summary>What came after a letter.</summary>
/// <param name="Count">How many records; a lower bound where the look was cut short.</param>
/// <param name="First">Offset of the first one.</param>
/// <param name="Last">Offset of the last one.</param>
/// <param name="IsWhole">Whether the input was looked through to its end.</param>
/// <param name="Records">The first of them.</param>
/// <param name="Own">Headers of the record as it was received; null where it is gone or was not looked at.</param>
internal sealed record Later(
    int Count, long? First, long? Last, bool IsWhole, IReadOnlyList<ConsumeResult<byte[]?, byte[]?>> Records,
    Headers? Own)
{
    public static Later None { get; } = new(0, null, null, true, [], null);

    /// <summary>A replay would come after something, or it is not known that it would not.</summary>
    public bool IsPossible => Count > 0 || !IsWhole;

    public override string ToString() => (Count, IsWhole) switch
    {
        (0, true) => "-",
        (_, true) => $"{Count}",
        _ => $"{Count}+",
    };
}
