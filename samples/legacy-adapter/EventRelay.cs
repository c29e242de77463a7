using Confluent.Kafka;

namespace Alloc.Samples.LegacyAdapter;

/// <summary>
/// Sends what waits, at least once and in order: an event is marked after Kafka has it, and a crash in between sends
/// the same bytes, with the same number, again.
/// </summary>
internal sealed class EventRelay : IDisposable
{
    private const int BatchCount = 500;
    private readonly AdapterDatabase database;
    private readonly IProducer<string, byte[]> producer;

    public EventRelay(AdapterDatabase database, string bootstrap)
    {
        this.database = database;
        producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            ClientId = "legacy-adapter-sample",
            // In the order of the numbers, also over retries; and for as long as it takes.
            EnableIdempotence = true,
            MessageTimeoutMs = 0,
            Partitioner = Partitioner.Murmur2Random,
        }).Build();
    }

    /// <summary>Sends all that waits.</summary>
    /// <param name="isCrashing">Ends the process between sending and marking the first one.</param>
    /// <param name="cancellation">Ends it; what is under way is sent again next time.</param>
    /// <returns>How many were sent.</returns>
    public async Task<int> SendWaitingAsync(bool isCrashing, CancellationToken cancellation)
    {
        var count = 0;
        while (database.Waiting(BatchCount) is { Count: > 0 } waiting)
        {
            var sending = waiting.Select(e => (Event: e, Report: producer.ProduceAsync(
                e.Topic, new Message<string, byte[]> { Key = e.Key, Value = e.Value }, cancellation))).ToList();
            foreach (var (sent, report) in sending)
            {
                await report;
                if (isCrashing)
                {
                    Console.WriteLine($"{sent.Label} is sent, and the process ends before that is noted");
                    Environment.Exit(1);
                }
                database.MarkSent(sent);
                Console.WriteLine($"{sent.Label} is sent");
                count++;
            }
        }
        return count;
    }

    public void Dispose() => producer.Dispose();
}
