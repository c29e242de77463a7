using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Notation;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Topics;

/// <summary>
/// <c>alloc topic produce TOPIC</c>: lines of JSON as Avro records, by the schema that the registry has for the topic.
/// Never to a topic that only an application writes: that would be a fact that no log decided.
/// </summary>
internal static class TopicProduceCommand
{
    private static readonly Argument<string> Topic = new("topic") { Description = "The topic's name" };

    private static readonly Option<string> File = new("--file", "-f")
    {
        Description = "Lines of JSON: values, or {\"key\", \"value\", \"headers\"} as tail shows them; - is standard "
            + "input",
        HelpName = "file",
        DefaultValueFactory = _ => "-",
    };

    private static readonly Option<string?> Key = new("--key", "-k")
    {
        Description = "The key of every record",
        HelpName = "key",
    };

    private static readonly Option<string?> KeyField = new("--key-field")
    {
        Description = "The field of the value that is its key; the catalogue's for topics of alloc",
        HelpName = "name",
    };

    private static readonly Option<int?> Partition = new Option<int?>("--partition", "-p")
    {
        Description = "Where every record goes; where its key belongs if not given",
        HelpName = "number",
    }.Within(0);

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Check every line and show what would be written",
    };

    public static Command Create() =>
        new Command("produce", "Write lines of JSON as Avro records")
            .Takes(Topic, File, Key, KeyField, Partition, DryRun, Consent.Yes)
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        var topic = settings.TopicPrefix + context.Get(Topic);
        if (ProduceTarget.Refusal(topic, settings.TopicPrefix) is { } refusal)
        {
            throw AllocException.Usage(
                $"{refusal}: a record of anybody else would get past the log.",
                "Commands go to allocation.commands, stage events to workflow.stages, facts of warehouses to "
                + "warehouse.movements and supply.stock.");
        }
        if (context.Get(Key) is not null && context.Get(KeyField) is not null)
        {
            throw AllocException.Usage("--key and --key-field both say what the key is.", "Give one of them.");
        }
        var records = await ReadAsync(context, settings, topic, cancellation).ConfigureAwait(false);
        if (context.Get(DryRun))
        {
            context.Screen.Rows([.. records.Select(r => r.Row(topic, null))], ProducedRecord.Columns);
            context.Screen.Note($"Nothing was written: --dry-run. {records.Count} records are well.");
            return ExitCode.Ok;
        }
        if (records.Count > 1)
        {
            Consent.CheckPossible(context, "writing more than one record", false);
            if (!Consent.IsGiven(context, $"Write {records.Count} records to {topic}?"))
            {
                context.Screen.Warn("Nothing was written.");
                return ExitCode.Failure;
            }
        }
        var rows = await WriteAsync(settings, topic, records, cancellation).ConfigureAwait(false);
        context.Screen.Rows(rows, ProducedRecord.Columns);
        return ExitCode.Ok;
    }

    private static async Task<IReadOnlyList<ProducedRecord>> ReadAsync(
        CommandContext context, AllocClientOptions settings, string topic, CancellationToken cancellation)
    {
        var clients = new KafkaClients(settings);
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        int count;
        using (var admin = clients.Admin())
        {
            count = clients.PartitionCount(admin, topic);
        }
        if (context.Get(Partition) is { } partition && partition >= count)
        {
            throw AllocException.NotFound($"{topic} has no partition {partition}; it has {count}.");
        }
        using var registry = Registries.Client(settings, context.Time);
        var target = await ProduceTarget.FindAsync(topic, settings.TopicPrefix, count, registry, cancellation)
            .ConfigureAwait(false);
        var input = new ProduceInput(
            target, new ProduceKeys(context.Get(Key), context.Get(KeyField), context.Get(Partition)));
        var file = context.Get(File);
        if (file == "-")
        {
            return input.Read("standard input", context.Host.In);
        }
        if (!System.IO.File.Exists(file))
        {
            throw AllocException.NotFound($"There is no file {file}.");
        }
        using var reader = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
        try
        {
            return input.Read(file, reader);
        }
        catch (DecoderFallbackException e)
        {
            throw AllocException.Usage($"{file} is no UTF-8 text: {e.Message}", "Save it as UTF-8.");
        }
    }

    private static async Task<List<JsonObject>> WriteAsync(
        AllocClientOptions settings, string topic, IReadOnlyList<ProducedRecord> records,
        CancellationToken cancellation)
    {
        using var producer = new KafkaClients(settings).Producer();
        var deliveries = records.Select(r => producer.ProduceAsync(
            new TopicPartition(topic, r.Partition), Message(r), cancellation)).ToList();
        var rows = new List<JsonObject>();
        Exception? failure = null;
        foreach (var (record, delivery) in records.Zip(deliveries))
        {
            try
            {
                var written = await delivery.ConfigureAwait(false);
                rows.Add(record.Row(topic, written.Offset.Value));
            }
            catch (ProduceException<byte[]?, byte[]?> e)
            {
                failure ??= e;
            }
        }
        return failure is null ? rows : throw AllocException.Unavailable(
            $"{rows.Count} of {records.Count} records were written; of the others it is not known: {failure.Message}",
            ShellLine.Of("alloc topic tail", topic) + " shows what is there.", failure);
    }

    private static Message<byte[]?, byte[]?> Message(ProducedRecord record)
    {
        var message = new Message<byte[]?, byte[]?>
        {
            Key = record.Key is null ? null : Encoding.UTF8.GetBytes(record.Key),
            Value = record.Value,
        };
        if (record.Headers.Count > 0)
        {
            message.Headers = [];
            foreach (var (name, text) in record.Headers)
            {
                message.Headers.Add(name, Encoding.UTF8.GetBytes(text));
            }
        }
        return message;
    }
}
