using Confluent.Kafka;

namespace EndToEnd.Tests.Processes;

/// <summary>Watches from outside how far the journal has grown, also while brokers come and go.</summary>
internal sealed class JournalProbe : IDisposable
{
    private const int PartitionCount = 4;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromMilliseconds(500);
    private readonly IConsumer<Ignore, Ignore> consumer;
    private long lastSeen;

    public JournalProbe(string bootstrap)
    {
        consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "probe",
            ReconnectBackoffMaxMs = 100,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    /// <summary>
    /// Waits until the journal has so many records, markers included, or the child process has ended.
    /// </summary>
    public async Task WaitForAsync(long records, AllocProcess whileRunning, TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (Count() < records && !whileRunning.HasExited)
        {
            try
            {
                await ticks.WaitForNextTickAsync(timer.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"The journal had {lastSeen:N0} of {records:N0} records after {deadline.TotalSeconds:0} "
                    + $"s:\n{whileRunning.Said}");
            }
        }
    }

    public void Dispose() => consumer.Dispose();

    private long Count()
    {
        try
        {
            long sum = 0;
            for (var partition = 0; partition < PartitionCount; partition++)
            {
                sum += consumer.QueryWatermarkOffsets(
                    new TopicPartition("allocation.outcomes", partition), CallTimeout).High.Value;
            }
            return lastSeen = sum;
        }
        catch (KafkaException)
        {
            return lastSeen;
        }
    }
}
