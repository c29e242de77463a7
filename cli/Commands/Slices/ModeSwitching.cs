using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.Commands.DeadLetters;
using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Backlog;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Slices;

/// <summary>
/// Asks the backlog to switch a mode by a record on its topic, and reads what it answers there, in its dead letters,
/// and, of a mode that acts on the ledger, what each partition of the ledger makes of the backlog's command.
/// </summary>
internal sealed class ModeSwitching : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private readonly AllocClientOptions settings;
    private readonly ISchemaRegistryClient registry;
    private readonly BacklogOptions topics;
    private readonly AvroSerde<ModeState> serde;
    private readonly IConsumer<byte[]?, byte[]?> reader;

    public ModeSwitching(AllocClientOptions settings, ISchemaRegistryClient registry)
    {
        this.settings = settings;
        this.registry = registry;
        topics = BacklogOptions.For(TopicCatalogue.Load().WithPrefix(settings.TopicPrefix), settings.TopicPrefix);
        serde = new AvroSerde<ModeState>(registry, ConfluentFraming.SubjectOf(topics.ModeTopic));
        reader = new KafkaClients(settings).Consumer();
    }

    /// <summary>A topic that nobody but the backlog reads.</summary>
    public string OwnTopic => topics.DeltaTopic;

    private string Topic => topics.ModeTopic;

    /// <summary>
    /// Writes the record and waits until the backlog took it; then, where it commands the ledger, for the answers of
    /// all partitions.
    /// </summary>
    /// <exception cref="AllocException">The backlog refused it, or did not answer in time.</exception>
    public async Task<(ModeState State, IReadOnlyList<JsonObject>? Ledger)> AskAsync(
        ModeRequest request, long nowMs, CancellationToken cancellation)
    {
        await serde.InitializeAsync(cancellation).ConfigureAwait(false);
        using var journal = request.Row.ActsOnLedger ? new JournalReader(settings, registry) : null;
        var ends = await Task.Run(
            () => Enumerable.Range(0, journal?.PartitionCount ?? 0).Select(p => (p, journal!.Ends(p).High)).ToList(),
            cancellation).ConfigureAwait(false);
        var from = await Task.Run(Ends, cancellation).ConfigureAwait(false);
        using var producer = new KafkaClients(settings).Producer();
        var written = await producer.ProduceAsync(
            new TopicPartition(Topic, PoolPartition.OfKey(Encoding.UTF8.GetBytes(request.Row.Id), Count(from, Topic))),
            new Message<byte[]?, byte[]?>
            {
                Key = Encoding.UTF8.GetBytes(request.Row.Id),
                Value = serde.Serialize(request.Record(nowMs)),
            },
            cancellation).ConfigureAwait(false);
        reader.Assign(from);
        var state = await Task.Run(
            () => Await(request, written.TopicPartitionOffset, cancellation), cancellation).ConfigureAwait(false);
        return (state, journal is null ? null : await Task.Run(
            () => Answers(journal, ends, state, cancellation), cancellation).ConfigureAwait(false));
    }

    public void Dispose() => _ = Task.Run(reader.Dispose);

    private static int Count(IEnumerable<TopicPartitionOffset> partitions, string topic) =>
        partitions.Count(p => p.Topic == topic);

    private List<TopicPartitionOffset> Ends()
    {
        var clients = new KafkaClients(settings);
        using var admin = clients.Admin();
        string[] names = [Topic, topics.DeadLetterTopic];
        return
        [
            .. names.Zip(clients.PartitionCounts(admin, names)).SelectMany(t => Enumerable.Range(0, t.Second)
                .Select(p => new TopicPartition(t.First, p)))
                .Select(p => new TopicPartitionOffset(p, reader.BoundsOf(p, settings.Timeout).High)),
        ];
    }

    private ModeState Await(ModeRequest request, TopicPartitionOffset written, CancellationToken cancellation)
    {
        var startedAt = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(startedAt) < settings.Timeout)
        {
            cancellation.ThrowIfCancellationRequested();
            if (reader.Consume(PollInterval) is not { IsPartitionEOF: false } next)
            {
                continue;
            }
            if (next.Topic == Topic)
            {
                if (next.Offset > written.Offset && Read(next) is { } said && request.IsAnsweredBy(said))
                {
                    return said;
                }
            }
            else if (ReplayHeaders.Text(next.Message.Headers, LetterHeaders.Topic) == Topic
                && ReplayHeaders.Text(next.Message.Headers, LetterHeaders.Offset) == Number(written.Offset))
            {
                throw AllocException.Failed(
                    $"The backlog refused to switch {request.Row.Id}: "
                    + ReplayHeaders.Text(next.Message.Headers, LetterHeaders.Message),
                    "alloc catalogue get shows the modes that there are; ask again when that is mended.");
            }
        }
        throw AllocException.Unavailable(
            $"The backlog did not say within {DurationWords.Show(settings.Timeout)} that it took the switch of "
            + $"{request.Row.Id}. It lies in {Topic} at offset {Number(written.Offset)}, and counts as soon as the "
            + "backlog goes on.",
            "alloc group list shows how the backlog fares, alloc mode get what became of the switch."
            + ModeScreens.DirectRemedy(request.Row));
    }

    /// <summary>What each partition of the ledger made of the command that follows from a switch.</summary>
    private List<JsonObject> Answers(
        JournalReader journal, List<(int Partition, long From)> ends, ModeState state, CancellationToken cancellation)
    {
        // As the backlog names its commands; the rest of the name is when, and the partition.
        var commands = string.Create(
            CultureInfo.InvariantCulture,
            $"mode/{state.Mode}/{state.Episode}/{state.SinceMs}/{(state.On ? "on" : "off")}/");
        var answers = new AllocationOutcome?[ends.Count];
        foreach (var next in journal.Follow(ends, settings.Timeout, cancellation))
        {
            if (next is var (partition, outcome)
                && outcome.CommandId?.StartsWith(commands, StringComparison.Ordinal) == true)
            {
                answers[partition] = outcome;
            }
            if (Array.TrueForAll(answers, a => a is not null))
            {
                break;
            }
        }
        return [.. answers.Select((a, partition) => PartitionWrites.Row(partition, a?.CommandId, a))];
    }

    private ModeState? Read(ConsumeResult<byte[]?, byte[]?> record)
    {
        try
        {
            return record.Message.Value is { } value ? serde.Deserialize(value) : null;
        }
        catch (AvroException)
        {
            return null;
        }
    }

    private static string Number(Offset offset) => offset.Value.ToString(CultureInfo.InvariantCulture);
}
