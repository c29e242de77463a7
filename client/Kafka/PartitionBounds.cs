using Confluent.Kafka;

namespace Alloc.Client.Kafka;

/// <summary>Where a partition begins and ends, as the broker that leads it says.</summary>
internal static class PartitionBounds
{
    private const int Tries = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Asks for both. Who leads a partition is known to a client from when it last looked; of a topic made just now, or
    /// of a leader that changed, that may be wrong: it looks again, ten times a tenth of a second apart at most.
    /// </summary>
    /// <param name="consumer">Who asks; read-committed: the end is the last stable offset.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="patience">How long the broker may take for an answer.</param>
    /// <exception cref="KafkaException">It has no leader still, does not exist, or nobody answers.</exception>
    public static WatermarkOffsets BoundsOf<TKey, TValue>(
        this IConsumer<TKey, TValue> consumer, TopicPartition partition, TimeSpan patience)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return consumer.QueryWatermarkOffsets(partition, patience);
            }
            catch (KafkaException error) when (attempt < Tries && IsOutdated(error.Error.Code))
            {
                using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
                _ = admin.GetMetadata(partition.Topic, patience);
                CancellationToken.None.WaitHandle.WaitOne(Pause);
            }
        }
    }

    private static bool IsOutdated(ErrorCode code) => code is ErrorCode.NotLeaderForPartition
        or ErrorCode.LeaderNotAvailable or ErrorCode.Local_UnknownPartition;
}
