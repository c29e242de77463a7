using System.CommandLine;
using System.Globalization;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Notation;

namespace Alloc.Cli.Commands.Topics;

/// <summary><c>alloc topic tail TOPIC</c>: what is in a topic, decoded.</summary>
internal static class TopicTailCommand
{
    private static readonly Argument<string> Topic = new("topic") { Description = "The topic's name" };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "beginning, end, an offset or a time (2027-03-28T18:00:00Z, -2h); the last records if not given",
        HelpName = "where",
    };

    private static readonly Option<int?> Count = new Option<int?>("-n")
    {
        Description = "How many records at most",
        HelpName = "count",
    }.Within(1);

    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Wait for more at the end" };

    private static readonly Option<int?> Partition =
        new Option<int?>("--partition", "-p") { Description = "Only this partition" }.Within(0);

    private static readonly Option<string?> Key = new("--key") { Description = "Only records with this key" };

    private static readonly Option<bool> Uncommitted = new("--uncommitted")
    {
        Description = "Also show records of transactions that are open or were aborted",
    };

    public static Command Create() =>
        new Command("tail", "Show a topic's records, Avro decoded")
            .Takes(Topic, From, Count, Follow, Partition, Key, Uncommitted)
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var start = Start(context);
        var settings = ClientOptions.SettingsOf(context);
        var clients = new KafkaClients(settings);
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var decoder = new RecordDecoder(settings, context.Time);
        var plan = Plan(context, clients, settings, start);
        var records = new TopicTail(clients, settings.Timeout).Read(plan, cancellation)
            .Where(r => HasKey(r, context.Get(Key)));
        if (plan.From != StartAt.Last && context.Get(Count) is { } count)
        {
            records = context.Get(From) is null ? records.TakeLast(count) : records.Take(count);
        }
        foreach (var record in records)
        {
            var shown = await decoder.RecordAsync(record, cancellation).ConfigureAwait(false);
            context.Screen.Next(() => shown, _ => context.Screen.Verbatim(
                $"{record.Partition.Value}@{record.Offset.Value,-6} {shown["timestamp"]}  {Column.Show(shown["key"])}  "
                + (shown["headers"] is { } headers ? JsonText.Line(headers) + "  " : "")
                + Column.Show(shown["value"])));
        }
        return ExitCode.Ok;
    }

    private static long Time(CommandContext context, string text)
    {
        var nowMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (!TimeText.TryRead(text, nowMs, out var timeMs, out var problem))
        {
            throw AllocException.Usage(
                $"--from: '{text}' {problem}.", "Or write beginning, end, or an offset.");
        }
        context.Screen.Note($"Records from {Words.Time(timeMs, context.Time)} on.");
        return timeMs;
    }

    private static bool HasKey(Confluent.Kafka.ConsumeResult<byte[]?, byte[]?> record, string? key) =>
        key is null || record.Message.Key?.AsSpan().SequenceEqual(System.Text.Encoding.UTF8.GetBytes(key)) == true;

    private static TailPlan Plan(
        CommandContext context, KafkaClients clients, AllocClientOptions settings, (StartAt At, long Value)? start)
    {
        var topic = settings.TopicPrefix + context.Get(Topic);
        using var admin = clients.Admin();
        var count = clients.PartitionCount(admin, topic);
        var only = context.Get(Partition);
        if (only is { } p && (p < 0 || p >= count))
        {
            throw AllocException.NotFound($"{topic} has no partition {p}; it has {count}.");
        }
        var plan = new TailPlan
        {
            Topic = topic,
            Partitions = only is { } one ? [one] : [.. Enumerable.Range(0, count)],
            Follow = context.Get(Follow),
            ReadCommitted = !context.Get(Uncommitted),
        };
        // A filter by key counts what it lets through, so the limit is kept by the caller.
        var limit = context.Get(Key) is null ? context.Get(Count) : null;
        return start switch
        {
            null when context.Get(Key) is not null => plan with { Follow = plan.Follow && context.Get(Count) is null },
            null => plan with { From = StartAt.Last, Count = limit ?? 10 },
            (StartAt.End, _) => plan with { From = StartAt.End, Follow = true, Count = limit },
            var (at, value) => plan with { From = at, Offset = value, TimeMs = value, Count = limit },
        };
    }

    /// <summary>Where reading begins; null for the last records.</summary>
    private static (StartAt At, long Value)? Start(CommandContext context) => context.Get(From) switch
    {
        null => null,
        "beginning" => (StartAt.Beginning, 0),
        "end" => (StartAt.End, 0),
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) =>
            (StartAt.Offset, offset),
        var text => (StartAt.Time, Time(context, text)),
    };
}
