using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Cli.Outcomes;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Alloc.Web.Json;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Policies;

/// <summary>Where a partition is with a policy.</summary>
internal enum PartitionStand
{
    /// <summary>It has not decided about it.</summary>
    Unanswered,

    /// <summary>It has it and waits for its time.</summary>
    Pending,

    /// <summary>It has had it before; whether its time has come is not said here.</summary>
    Known,

    /// <summary>It decides by it.</summary>
    InForce,

    /// <summary>It refused it.</summary>
    Rejected,
}

/// <summary>What one partition says to a policy.</summary>
internal sealed record PartitionAnswer(
    int Partition, PartitionStand Stand, long? EffectiveAtMs = null, string Detail = "")
{
    /// <summary>Whether the partition has the policy, in force or waiting for its time.</summary>
    public bool HasIt => Stand is PartitionStand.Pending or PartitionStand.Known or PartitionStand.InForce;

    public JsonObject Json() => new()
    {
        ["partition"] = Partition,
        ["stand"] = Stand.ToString(),
        ["effectiveAt"] = EffectiveAtMs is { } at ? AvroJson.Time(at) : null,
        ["detail"] = Detail,
    };
}

/// <summary>Reads from the journal what each partition made of a policy.</summary>
internal sealed class PolicyAnswers : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How far the clocks of who applied the policy and of the log may be apart.</summary>
    private const long SkewMs = 120_000;

    private readonly ClientSettings settings;
    private readonly AvroSerde<AllocationOutcome> outcomes;
    private readonly IConsumer<byte[]?, byte[]?> reader;
    private readonly string topic;

    public PolicyAnswers(ClientSettings settings, ISchemaRegistryClient registry)
    {
        this.settings = settings;
        topic = settings.TopicPrefix + TopicNames.Outcomes;
        outcomes = new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(topic));
        var clients = new KafkaClients(settings);
        reader = clients.Consumer();
        using var admin = clients.Admin();
        PartitionCount = clients.PartitionCount(admin, topic);
    }

    public int PartitionCount { get; }

    /// <summary>The ends of all partitions: what is decided from now on comes after them.</summary>
    public IReadOnlyList<TopicPartitionOffset> Ends() =>
    [
        .. Enumerable.Range(0, PartitionCount).Select(p => new TopicPartition(topic, p)).Select(p =>
            new TopicPartitionOffset(p, reader.QueryWatermarkOffsets(p, settings.Timeout).High)),
    ];

    /// <summary>Where the journal was when a policy was applied.</summary>
    public IReadOnlyList<TopicPartitionOffset> Since(AppliedPolicy applied) => At(applied.WrittenAtMs - SkewMs);

    /// <summary>
    /// What the partitions said to a version, each read from its position to its end, or until it has it in force.
    /// </summary>
    public IReadOnlyList<PartitionAnswer> Read(
        int version, IReadOnlyList<TopicPartitionOffset> from, CancellationToken cancellation) =>
        Collect(version, from, commandIds: null, waitFor: TimeSpan.Zero, cancellation);

    /// <summary>Waits until each partition has answered its command, for so long at most.</summary>
    public IReadOnlyList<PartitionAnswer> Await(
        int version, IReadOnlyList<TopicPartitionOffset> from, IReadOnlySet<string> commandIds, TimeSpan waitFor,
        CancellationToken cancellation) => Collect(version, from, commandIds, waitFor, cancellation);

    public void Dispose() => _ = Task.Run(reader.Dispose);

    private PartitionAnswer[] Collect(
        int version, IReadOnlyList<TopicPartitionOffset> from, IReadOnlySet<string>? commandIds, TimeSpan waitFor,
        CancellationToken cancellation)
    {
        var answers = Enumerable.Range(0, PartitionCount).Select(p => new PartitionAnswer(p, PartitionStand.Unanswered))
            .ToArray();
        var open = from.Select(p => p.Partition.Value).ToHashSet();
        var startedAt = Stopwatch.GetTimestamp();
        reader.Assign(from);
        while (open.Count > 0 && (commandIds is null || Stopwatch.GetElapsedTime(startedAt) < waitFor))
        {
            cancellation.ThrowIfCancellationRequested();
            if (reader.Consume(PollInterval) is not { } record)
            {
                continue;
            }
            var partition = record.Partition.Value;
            if (record.IsPartitionEOF)
            {
                if (commandIds is null)
                {
                    open.Remove(partition);
                }
                continue;
            }
            if (IsOfPartition(record) && Decode(record) is { } outcome
                && Answer(outcome, version, commandIds, partition) is { } answer)
            {
                answers[partition] = answer;
                if (commandIds is not null || answer.Stand == PartitionStand.InForce)
                {
                    open.Remove(partition);
                }
            }
        }
        return answers;
    }

    private static PartitionAnswer? Answer(
        AllocationOutcome outcome, int version, IReadOnlySet<string>? commandIds, int partition)
    {
        if (commandIds is not null && (outcome.CommandId is null || !commandIds.Contains(outcome.CommandId)))
        {
            return null;
        }
        return outcome.Event switch
        {
            AllocationOutcomeEvent.PolicyActivated a when a.Version == version => new PartitionAnswer(
                partition, a.InForce ? PartitionStand.InForce : PartitionStand.Pending, a.EffectiveAtMs,
                outcome.DuplicateOf is null ? "" : "answered before"),
            AllocationOutcomeEvent.NoOp noOp when commandIds is not null => new PartitionAnswer(
                partition, PartitionStand.Known, null, Words.Spaced(noOp.Why.ToString())),
            AllocationOutcomeEvent.Rejected rejected
                when commandIds is not null || IsAbout(outcome, version) => new PartitionAnswer(
                partition, PartitionStand.Rejected, null,
                string.Join("; ", rejected.Reasons.Select(reason => $"{reason.Code}: {reason.Detail}"))),
            _ => null,
        };
    }

    private static bool IsAbout(AllocationOutcome outcome, int version) =>
        outcome.CommandKind is CommandKind.PolicyActivate
        && outcome.CommandId?.StartsWith($"policy/{version}/", StringComparison.Ordinal) == true;

    private List<TopicPartitionOffset> At(long timeMs)
    {
        var asked = Enumerable.Range(0, PartitionCount).Select(p => new TopicPartitionTimestamp(
            topic, p, new Timestamp(Math.Max(0, timeMs), TimestampType.CreateTime)));
        return reader.OffsetsForTimes(asked, settings.Timeout);
    }

    private static bool IsOfPartition(ConsumeResult<byte[]?, byte[]?> record) =>
        record.Message.Key is { } key
        && Encoding.UTF8.GetString(key) == ReservedKeys.PartitionPool(record.Partition.Value);

    private AllocationOutcome? Decode(ConsumeResult<byte[]?, byte[]?> record)
    {
        try
        {
            return record.Message.Value is { } value ? outcomes.Deserialize(value) : null;
        }
        catch (AvroException)
        {
            return null;
        }
    }
}
