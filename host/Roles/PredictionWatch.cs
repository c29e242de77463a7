using System.Collections.Concurrent;
using Alloc.Client;
using Alloc.Schemas.Backlog;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Host.Roles;

/// <summary>
/// Follows what the backlog predicts for each stage, once a second and the same in every partition, so that questions
/// for holds at risk are answered by it.
/// </summary>
internal sealed class PredictionWatch : IDisposable
{
    /// <summary>Stages that are kept: more than any catalogue has.</summary>
    private const int MostStages = 1_000;

    private static readonly TimeSpan FetchWait = TimeSpan.FromSeconds(1);
    private readonly TopicFollower<StagePrediction> follower;
    private readonly ConcurrentDictionary<string, StagePrediction> newest = new(StringComparer.Ordinal);

    public PredictionWatch(AllocClientOptions settings, ISchemaRegistryClient registry, string topic) =>
        follower = new TopicFollower<StagePrediction>(settings, registry, topic, Offset.End, FetchWait, Observe);

    /// <summary>The newest prediction of each stage, as far as they were read.</summary>
    public IReadOnlyCollection<StagePrediction> Newest => [.. newest.Values];

    public void Start() => follower.Start();

    public void Dispose() => follower.Dispose();

    private void Observe(StagePrediction prediction, long timestampMs)
    {
        if (newest.Count < MostStages || newest.ContainsKey(prediction.StageId))
        {
            newest[prediction.StageId] = prediction;
        }
    }
}
