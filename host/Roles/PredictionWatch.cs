using System.Collections.Concurrent;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Host.Roles;

/// <summary>
/// Follows what the backlog predicts for each stage, once a second and the same in every partition, so that questions
/// for holds at risk are answered by it. Decides nothing. What goes wrong here is tried again.
/// </summary>
internal sealed class PredictionWatch(AllocClientOptions settings, ISchemaRegistryClient registry, string topic)
    : IDisposable
{
    private const int FetchWaitMs = 1_000;

    /// <summary>Stages that are kept: more than any catalogue has.</summary>
    private const int MostStages = 1_000;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<string, StagePrediction> newest = new(StringComparer.Ordinal);
    private readonly AvroSerde<StagePrediction> serde = new(registry, ConfluentFraming.SubjectOf(topic));
    private Task following = Task.CompletedTask;

    /// <summary>The newest prediction of each stage, as far as they were read.</summary>
    public IReadOnlyCollection<StagePrediction> Newest => [.. newest.Values];

    public void Start() => following = Task.Factory.StartNew(
        Follow, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        stopping.Cancel();
        following.GetAwaiter().GetResult();
        stopping.Dispose();
    }

    private void Follow()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                using var reader = new KafkaClients(settings).Consumer(fetchWaitMs: FetchWaitMs);
                reader.Assign(new TopicPartitionOffset(topic, 0, Offset.End));
                while (true)
                {
                    Observe(reader.Consume(stopping.Token));
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
                when (e is KafkaException or RegistryRefusedException or RegistryUnavailableException)
            {
                stopping.Token.WaitHandle.WaitOne(RetryPause);
            }
        }
    }

    private void Observe(ConsumeResult<byte[]?, byte[]?> record)
    {
        if (record.IsPartitionEOF || record.Message.Value is not { } value)
        {
            return;
        }
        try
        {
            var prediction = serde.Deserialize(value);
            if (newest.Count < MostStages || newest.ContainsKey(prediction.StageId))
            {
                newest[prediction.StageId] = prediction;
            }
        }
        catch (AvroException)
        {
            // What somebody else wrote there is no prediction.
        }
    }
}
