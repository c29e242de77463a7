using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;

namespace Alloc.Bench.Truth;

/// <summary>
/// Moves a group to the end of its input while nobody of it runs, as somebody does who resets offsets: what lies
/// between is never read.
/// </summary>
internal static class SkippedInput
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Moves it; waits until the broker counts who was killed as gone.</summary>
    /// <param name="settings">The cluster and the topics' prefix.</param>
    /// <param name="group">The group.</param>
    /// <param name="topic">The topic, without its prefix.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task MoveToEndAsync(
        AllocClientOptions settings, string group, string topic, TimeProvider time, CancellationToken cancellation)
    {
        var name = settings.TopicPrefix + topic;
        var clients = new KafkaClients(settings);
        using var admin = clients.Admin();
        using var consumer = clients.Consumer(group: group);
        var ends = Enumerable.Range(0, clients.PartitionCount(admin, name)).Select(number =>
        {
            var partition = new TopicPartition(name, number);
            return new TopicPartitionOffset(partition, consumer.BoundsOf(partition, settings.Timeout).High);
        }).ToList();
        consumer.Assign(ends);
        var startedAt = time.GetTimestamp();
        while (true)
        {
            try
            {
                consumer.Commit(ends);
                return;
            }
            catch (KafkaException e) when (time.GetElapsedTime(startedAt) < Patience
                && e.Error.Code is ErrorCode.UnknownMemberId or ErrorCode.IllegalGeneration
                    or ErrorCode.RebalanceInProgress)
            {
                await Task.Delay(Look, time, cancellation).ConfigureAwait(false);
            }
        }
    }
}
