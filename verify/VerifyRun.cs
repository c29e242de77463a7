using System.Globalization;
using System.Text;
using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Verify;

/// <summary>What a verification found, and how much it read.</summary>
internal sealed class VerifyResult
{
    public required Findings Findings { get; init; }

    public required IReadOnlyList<PoolSummary> Pools { get; init; }

    public long Commands { get; set; }

    public long Outcomes { get; set; }

    public long Originals { get; set; }

    public long Duplicates { get; set; }

    public long Undecided { get; set; }

    public long Parked { get; set; }

    public long DeadLetters { get; set; }

    /// <summary>Decisions of the shadow; 0 where there is none.</summary>
    public long ShadowOutcomes { get; set; }

    public long AvailabilityRecords { get; set; }

    /// <summary>
    /// Records that only a read-uncommitted reader sees: aborted, or of a transaction that is still open.
    /// </summary>
    public long UncommittedOnly { get; set; }

    public SortedDictionary<string, long> Events { get; } = new(StringComparer.Ordinal);
}

/// <summary>Reads every topic of allocation, partition by partition, and hands what it reads to the checker.</summary>
internal sealed class VerifyRun : IDisposable
{
    private readonly AllocClientOptions settings;
    private readonly CancellationToken cancellation;
    private readonly KafkaClients clients;
    private readonly IAdminClient admin;
    private readonly IConsumer<byte[]?, byte[]?> groupReader;
    private readonly VerifiedTopics topics;
    private readonly ObservationDecoder decoder;
    private readonly Dictionary<string, ReaderPair> readers = new(StringComparer.Ordinal);
    private readonly Findings findings = new();
    private readonly List<PoolSummary> pools = [];
    private readonly List<PartitionAuthority> authorities = [];
    private readonly List<(int Partition, IReadOnlyDictionary<int, ObservedPolicy> Taken)> policies = [];
    private long recordsDone;

    /// <param name="settings">Where Kafka is.</param>
    /// <param name="group">The consumer group whose offsets are checked.</param>
    /// <param name="registry">Where schemas are.</param>
    /// <param name="cancellation">Stops it.</param>
    public VerifyRun(
        AllocClientOptions settings, string group, ISchemaRegistryClient registry, CancellationToken cancellation)
    {
        this.settings = settings;
        this.cancellation = cancellation;
        clients = new KafkaClients(settings);
        admin = clients.Admin();
        groupReader = clients.Consumer(group: group);
        topics = VerifiedTopics.Read(admin, settings);
        decoder = new ObservationDecoder(registry, settings.TopicPrefix, topics.PartitionCount);
    }

    /// <summary>Called now and then with what is read, how many records are read and how many there are.</summary>
    public Action<string, long, long> OnProgress { get; init; } = static (_, _, _) => { };

    public VerifyResult Run()
    {
        var result = new VerifyResult { Findings = findings, Pools = pools };
        var partitionCount = topics.PartitionCount;
        var journal = topics.Journal;
        var shadow = topics.Shadow is { } decisions && CountRecords([decisions]) > 0 ? decisions : null;
        var total = CountRecords(topics.All);
        var before = Committed(topics.Inputs, partitionCount);
        var deadLetters = ReadDeadLetters(result, total);
        for (var partition = 0; partition < partitionCount; partition++)
        {
            CheckPartition(partition, before, deadLetters, total, result);
            if (shadow is not null)
            {
                CheckShadow(partition, topics.Commands, shadow, total, result);
            }
        }
        TransferCheck.Check(authorities, journal, findings);
        PolicyCheck.Compare(policies, journal, findings);
        return result;
    }

    public void Dispose()
    {
        foreach (var pair in readers.Values)
        {
            pair.Dispose();
        }
        groupReader.Dispose();
        admin.Dispose();
    }

    private void CheckPartition(
        int partition, Dictionary<(string, int), long> before,
        Dictionary<Position, ObservedDeadLetter> deadLetters, long total, VerifyResult result)
    {
        var inputs = topics.Inputs;
        var outcomes = Reader(topics.Journal, partition);
        var commands = inputs.ToDictionary(topic => topic, topic => Reader(topic, partition));
        // Read after the ends of the logs were: what is visible there must be committed by now.
        var after = Committed(inputs, partition + 1);
        var checker = new PartitionChecker(partition, new PartitionFacts
        {
            Commands = commands.ToDictionary(c => c.Key, c => NextCommand(c.Value, total)),
            CommittedFirst = inputs.ToDictionary(t => t, t => before[(t, partition)]),
            CommittedLast = inputs.ToDictionary(t => t, t => after[(t, partition)]),
            FirstOffsets = commands.ToDictionary(c => c.Key, c => c.Value.First.Value),
            DeadLetters = deadLetters,
            JournalStartsAtFirst = outcomes.First.Value == 0,
        }, findings);
        while (outcomes.Next() is { } record)
        {
            Progress($"partition {partition}", total);
            if (decoder.Outcome(record, findings) is { } outcome)
            {
                checker.Observe(outcome);
            }
        }
        checker.Complete();
        var hasMovedOn = outcomes.HasMovedOn(settings.Timeout);
        if (outcomes.First.Value == 0)
        {
            authorities.Add(checker.Authority(hasMovedOn));
            policies.Add((partition, checker.Policies));
        }
        var availability = ReadAvailability(partition, total, result);
        checker.CheckAvailability(availability, outcomes.HasMovedOn(settings.Timeout));
        Add(checker, result);
        result.UncommittedOnly += outcomes.UncommittedOnlyCount + commands.Values.Sum(c => c.UncommittedOnlyCount);
    }

    /// <summary>
    /// The shadow's decisions by the same rules. It answers some commands only.
    /// </summary>
    private void CheckShadow(int partition, string input, string topic, long total, VerifyResult result)
    {
        var outcomes = Reader(topic, partition);
        var commands = Reader(input, partition);
        var checker = new PartitionChecker(partition, new PartitionFacts
        {
            Commands = new Dictionary<string, Func<ObservedCommand?>>
            {
                [input] = () => commands.Next() is { } record ? decoder.Command(record) : null,
            },
            CommittedFirst = new Dictionary<string, long>(),
            CommittedLast = new Dictionary<string, long>(),
            FirstOffsets = new Dictionary<string, long> { [input] = commands.First.Value },
            JournalStartsAtFirst = outcomes.First.Value == 0,
            IsShadow = true,
        }, findings);
        while (outcomes.Next() is { } record)
        {
            Progress($"shadow {partition}", total);
            if (decoder.ShadowOutcome(record, findings) is { } outcome)
            {
                checker.Observe(outcome);
            }
        }
        checker.Complete();
        result.ShadowOutcomes += checker.Counts.Outcomes;
        result.UncommittedOnly += outcomes.UncommittedOnlyCount;
    }

    private Func<ObservedCommand?> NextCommand(LogReader reader, long total) => () =>
    {
        if (reader.Next() is not { } record)
        {
            return null;
        }
        Progress("commands", total);
        return decoder.Command(record);
    };

    private Dictionary<string, ObservedAvailability> ReadAvailability(int partition, long total, VerifyResult result)
    {
        var last = new Dictionary<string, ObservedAvailability>(StringComparer.Ordinal);
        var reader = Reader(topics.Availability, partition);
        while (reader.Next() is { } record)
        {
            Progress("availability", total);
            result.AvailabilityRecords++;
            if (decoder.Availability(record, findings) is not { } seen)
            {
                continue;
            }
            if (seen.Key != seen.PoolId)
            {
                findings.Add(FindingKind.WrongIdentity, seen.PoolId, seen.At, $"has the key '{seen.Key}'");
            }
            if (!seen.IsTombstone && last.TryGetValue(seen.PoolId, out var earlier) && seen.Sequence < earlier.Sequence)
            {
                findings.Add(FindingKind.AvailabilityStale, seen.PoolId, seen.At,
                    $"sequence {seen.Sequence} follows {earlier.Sequence}");
            }
            last[seen.PoolId] = seen;
        }
        result.UncommittedOnly += reader.UncommittedOnlyCount;
        return last.Where(l => !l.Value.IsTombstone).ToDictionary(StringComparer.Ordinal);
    }

    private Dictionary<Position, ObservedDeadLetter> ReadDeadLetters(VerifyResult result, long total)
    {
        var letters = new Dictionary<Position, ObservedDeadLetter>();
        if (topics.DeadLetters is not { } topic)
        {
            return letters;
        }
        for (var partition = 0; partition < topics.PartitionsOf(topic); partition++)
        {
            var reader = Reader(topic, partition);
            while (reader.Next() is { } record)
            {
                Progress("dead letters", total);
                result.DeadLetters++;
                var letter = DeadLetter(record);
                if (letter.Origin is not { } origin || string.IsNullOrEmpty(letter.Reason))
                {
                    findings.Add(FindingKind.BadDeadLetter, "", letter.At, "says neither where it came from nor why");
                }
                else if (!letters.TryAdd(origin, letter))
                {
                    findings.Add(FindingKind.BadDeadLetter, "", letter.At, $"{origin} was put there twice");
                }
            }
        }
        return letters;
    }

    private static ObservedDeadLetter DeadLetter(ConsumeResult<byte[]?, byte[]?> record)
    {
        string? Header(string name) =>
            record.Message.Headers is { } headers && headers.TryGetLastBytes("__streams.errors." + name,
                out var bytes) && bytes is not null
                ? Encoding.UTF8.GetString(bytes)
                : null;
        var origin = Header("topic") is { } topic
            && int.TryParse(Header("partition"), CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(Header("offset"), CultureInfo.InvariantCulture, out var offset)
                ? new Position(topic, partition, offset)
                : (Position?)null;
        return new ObservedDeadLetter(ObservationDecoder.PositionOf(record), origin, Header("message"));
    }

    private Dictionary<(string, int), long> Committed(string[] inputs, int partitionCount)
    {
        var partitions = inputs.SelectMany(t => Enumerable.Range(0, partitionCount)
            .Select(p => new TopicPartition(t, p)));
        return groupReader.Committed(partitions, settings.Timeout)
            .ToDictionary(c => (c.Topic, c.Partition.Value), c => c.Offset == Offset.Unset ? 0 : c.Offset.Value);
    }

    private void Add(PartitionChecker checker, VerifyResult result)
    {
        pools.AddRange(checker.Pools);
        result.Commands += checker.Counts.Commands;
        result.Outcomes += checker.Counts.Outcomes;
        result.Originals += checker.Counts.Originals;
        result.Duplicates += checker.Counts.Duplicates;
        result.Undecided += checker.Counts.Undecided;
        result.Parked += checker.Counts.Parked;
        foreach (var (name, count) in checker.Counts.Events)
        {
            result.Events[name] = result.Events.GetValueOrDefault(name) + count;
        }
    }

    private long CountRecords(IEnumerable<string> names)
    {
        return names.Sum(topic => Enumerable.Range(0, topics.PartitionsOf(topic)).Sum(p =>
        {
            var ends = groupReader.QueryWatermarkOffsets(new TopicPartition(topic, p), settings.Timeout);
            return ends.High.Value - ends.Low.Value;
        }));
    }

    private LogReader Reader(string topic, int partition)
    {
        if (!readers.TryGetValue(topic, out var pair))
        {
            readers[topic] = pair = new ReaderPair(settings);
        }
        return new LogReader(pair, new TopicPartition(topic, partition), findings, settings.Timeout, cancellation);
    }

    private void Progress(string what, long total) => OnProgress(what, ++recordsDone, total);
}
