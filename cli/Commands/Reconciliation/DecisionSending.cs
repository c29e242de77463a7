using System.Diagnostics;
using System.Globalization;
using System.Text;
using Alloc.Cli.Commands.DeadLetters;
using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Reconciliation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary>
/// Writes what a person decides about mismatches, and reads what the keeper of mismatches answers: on the audit, or in
/// the dead letters.
/// </summary>
internal sealed class DecisionSending : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly Partition Only = 0;
    private readonly AllocClientOptions settings;
    private readonly ReconciliationOptions topics;
    private readonly AvroSerde<RepairDecision> decisions;
    private readonly AvroSerde<MismatchEvent> events;
    private readonly IConsumer<byte[]?, byte[]?> reader;

    public DecisionSending(AllocClientOptions settings, ISchemaRegistryClient registry)
    {
        this.settings = settings;
        topics = ReconciliationOptions.For(
            TopicCatalogue.Load().WithPrefix(settings.TopicPrefix), settings.TopicPrefix);
        decisions = new AvroSerde<RepairDecision>(registry, ConfluentFraming.SubjectOf(topics.DecisionTopic));
        events = new AvroSerde<MismatchEvent>(registry, ConfluentFraming.SubjectOf(topics.EventTopic));
        reader = new KafkaClients(settings).Consumer();
    }

    private string DeadLetterTopic => ReconciliationOptions.DeadLettersOf(topics.DecisionTopic);

    /// <summary>Writes decisions and waits for the answer to each, in their order.</summary>
    /// <param name="asked">The decisions; their ids differ.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="AllocException">One was refused as a record, or not answered in time.</exception>
    public async Task<IReadOnlyList<MismatchEvent>> AskAsync(
        IReadOnlyList<RepairDecision> asked, CancellationToken cancellation)
    {
        await decisions.InitializeAsync(cancellation).ConfigureAwait(false);
        reader.Assign(await Task.Run(Ends, cancellation).ConfigureAwait(false));
        using var producer = new KafkaClients(settings).Producer();
        var written = new Dictionary<long, RepairDecision>();
        foreach (var decision in asked)
        {
            var key = decision.MismatchId.Length > 0 ? decision.MismatchId : decision.DecisionId;
            var report = await producer.ProduceAsync(
                new TopicPartition(topics.DecisionTopic, Only),
                new Message<byte[]?, byte[]?>
                {
                    Key = Encoding.UTF8.GetBytes(key),
                    Value = decisions.Serialize(decision),
                }, cancellation).ConfigureAwait(false);
            written.Add(report.Offset.Value, decision);
        }
        return await Task.Run(() => Await(asked, written, cancellation), cancellation).ConfigureAwait(false);
    }

    public void Dispose() => _ = Task.Run(reader.Dispose);

    private List<TopicPartitionOffset> Ends() =>
    [
        .. new[] { topics.EventTopic, DeadLetterTopic }.Select(t => new TopicPartition(t, Only)).Select(
            p => new TopicPartitionOffset(p, reader.BoundsOf(p, settings.Timeout).High)),
    ];

    private List<MismatchEvent> Await(
        IReadOnlyList<RepairDecision> asked, Dictionary<long, RepairDecision> written, CancellationToken cancellation)
    {
        var answers = new Dictionary<string, MismatchEvent>(StringComparer.Ordinal);
        var byId = asked.ToDictionary(d => d.DecisionId, StringComparer.Ordinal);
        var startedAt = Stopwatch.GetTimestamp();
        while (answers.Count < asked.Count && Stopwatch.GetElapsedTime(startedAt) < settings.Timeout)
        {
            cancellation.ThrowIfCancellationRequested();
            if (reader.Consume(PollInterval) is not { IsPartitionEOF: false } next)
            {
                continue;
            }
            if (next.Topic == DeadLetterTopic)
            {
                ThrowIfOurs(next, written);
            }
            else if (Read(next) is { DecisionId: { } id } said && byId.TryGetValue(id, out var decision)
                && IsAnswer(said, decision))
            {
                answers.TryAdd(id, said);
            }
        }
        return answers.Count == asked.Count
            ? [.. asked.Select(d => answers[d.DecisionId])]
            : throw AllocException.Unavailable(
                $"{asked.Count - answers.Count} of {asked.Count} decisions were not answered within "
                + $"{DurationWords.Show(settings.Timeout)}. They lie in {topics.DecisionTopic}, and count as soon as "
                + "reconciliation goes on.",
                "alloc group list shows how reconciliation fares, alloc reconcile show what became of a mismatch.");
    }

    // What a run does to each mismatch names the run, too.
    private static bool IsAnswer(MismatchEvent said, RepairDecision decision) => decision.Kind != DecisionKind.Run
        || said.Kind is MismatchEventKind.RunFinished or MismatchEventKind.DecisionRefused;

    private static void ThrowIfOurs(
        ConsumeResult<byte[]?, byte[]?> letter, Dictionary<long, RepairDecision> written)
    {
        var at = ReplayHeaders.Text(letter.Message.Headers, LetterHeaders.Offset);
        if (long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && written.TryGetValue(offset, out var decision))
        {
            throw AllocException.Usage(
                $"Reconciliation cannot read the decision about {decision.MismatchId}: "
                + ReplayHeaders.Text(letter.Message.Headers, LetterHeaders.Message));
        }
    }

    private MismatchEvent? Read(ConsumeResult<byte[]?, byte[]?> record)
    {
        try
        {
            return record.Message.Value is { } value ? events.Deserialize(value) : null;
        }
        catch (AvroException)
        {
            return null;
        }
    }
}
