using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>Reads the letters of a topic, committed, up to the end as it is when it is reached.</summary>
internal sealed class LetterReader(AllocClientOptions settings)
{
    private readonly TopicTail tail = new(new KafkaClients(settings), settings.Timeout);

    /// <summary>Every letter, those of a partition in its order.</summary>
    public IEnumerable<DeadLetter> Letters(LetterTopic topic, CancellationToken cancellation) =>
        Records(topic, cancellation).Select(DeadLetter.Of);

    /// <summary>The same with their values.</summary>
    public IEnumerable<ConsumeResult<byte[]?, byte[]?>> Records(LetterTopic topic, CancellationToken cancellation) =>
        tail.Read(
            new TailPlan
            {
                Topic = topic.Topic,
                Partitions = [.. Enumerable.Range(0, topic.PartitionCount)],
                Patience = settings.Timeout,
            },
            cancellation);

    /// <summary>The records of letters, those of a partition in its order; without those that are gone.</summary>
    public IEnumerable<ConsumeResult<byte[]?, byte[]?>> Records(
        LetterTopic topic, IReadOnlyCollection<RecordPosition> letters, CancellationToken cancellation)
    {
        if (letters.Count == 1)
        {
            return Record(letters.First(), cancellation) is { } one ? [one] : [];
        }
        return Records(topic, cancellation).Where(r => letters.Contains(
            new RecordPosition(r.Topic, r.Partition.Value, r.Offset.Value)));
    }

    /// <summary>One record; null where it is gone, or was never committed.</summary>
    public ConsumeResult<byte[]?, byte[]?>? Record(RecordPosition at, CancellationToken cancellation) =>
        tail.Read(
            new TailPlan
            {
                Topic = at.Topic,
                Partitions = [at.Partition],
                From = StartAt.Offset,
                Offset = at.Offset,
                Count = 1,
                Patience = settings.Timeout,
            },
            cancellation).FirstOrDefault() is { } found && found.Offset.Value == at.Offset ? found : null;
}
