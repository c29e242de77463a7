using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;
using Confluent.SchemaRegistry;

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
internal sealed class PolicyAnswers(AllocClientOptions settings, ISchemaRegistryClient registry) : IDisposable
{
    /// <summary>How far the clocks of who applied the policy and of the log may be apart.</summary>
    private const long SkewMs = 120_000;

    private readonly JournalReader journal = new(settings, registry);

    public int PartitionCount => journal.PartitionCount;

    /// <summary>The ends of all partitions: what is decided from now on comes after them.</summary>
    public IReadOnlyList<(int Partition, long From)> Ends() =>
        [.. Enumerable.Range(0, PartitionCount).Select(p => (p, journal.Ends(p).High))];

    /// <summary>The same as <see cref="Read"/>, with its progress on a terminal.</summary>
    public async Task<IReadOnlyList<PartitionAnswer>> ReadAsync(
        CliHost host, AppliedPolicy applied, CancellationToken cancellation)
    {
        using var progress = new SearchProgress(host);
        return await Task.Run(() => Read(applied, progress.Show, cancellation), cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// What the partitions said to a policy since it was applied. Each is read until it took the policy; one that
    /// never did is read to where it ends now.
    /// </summary>
    /// <param name="applied">The policy.</param>
    /// <param name="progress">Told of each record: how many offsets were looked at, and how many there are.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public IReadOnlyList<PartitionAnswer> Read(
        AppliedPolicy applied, Action<long, long> progress, CancellationToken cancellation)
    {
        var from = journal.At(applied.WrittenAtMs - SkewMs);
        var to = Enumerable.Range(0, PartitionCount).Select(p => journal.Ends(p).High).ToList();
        var total = to.Sum() - from.Sum();
        var looked = 0L;
        var answers = new List<PartitionAnswer>();
        for (var partition = 0; partition < PartitionCount; partition++)
        {
            var answer = new PartitionAnswer(partition, PartitionStand.Unanswered);
            var records = new PoolRecords(ReservedKeys.PartitionPool(partition));
            foreach (var (offset, outcome) in journal.Range(
                partition, from[partition], to[partition], records, cancellation))
            {
                progress(looked + offset - from[partition], total);
                answer = outcome is null ? answer : Said(outcome, applied.Record, partition) ?? answer;
                if (answer.HasIt)
                {
                    break;
                }
            }
            looked += to[partition] - from[partition];
            answers.Add(answer.Stand is PartitionStand.Pending or PartitionStand.Known
                && journal.Last(partition, cancellation)?.PolicyVersion >= applied.Record.Version
                    ? answer with { Stand = PartitionStand.InForce }
                    : answer);
        }
        return answers;
    }

    /// <summary>Waits until each partition has answered its command, for so long at most.</summary>
    /// <param name="applied">The policy.</param>
    /// <param name="from">The partitions that were asked, and where each was before.</param>
    /// <param name="commandIds">The commands.</param>
    /// <param name="waitFor">How long.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public IReadOnlyList<PartitionAnswer> Await(
        PolicyInForce applied, IReadOnlyList<(int Partition, long From)> from, IReadOnlySet<string> commandIds,
        TimeSpan waitFor, CancellationToken cancellation)
    {
        var answers = Enumerable.Range(0, PartitionCount).Select(p => new PartitionAnswer(p, PartitionStand.Unanswered))
            .ToArray();
        var open = from.Select(p => p.Partition).ToHashSet();
        foreach (var next in journal.Follow(from, waitFor, cancellation))
        {
            if (next is var (partition, outcome) && outcome.CommandId is { } id && commandIds.Contains(id)
                && Answered(outcome, applied, partition) is { } answer)
            {
                answers[partition] = answer;
                open.Remove(partition);
            }
            if (open.Count == 0)
            {
                break;
            }
        }
        return answers;
    }

    public void Dispose() => journal.Dispose();

    /// <summary>What an outcome says about the policy; null: nothing.</summary>
    private static PartitionAnswer? Said(AllocationOutcome outcome, PolicyInForce applied, int partition) =>
        outcome.Event is AllocationOutcomeEvent.PolicyActivated
        || (outcome.CommandKind is CommandKind.PolicyActivate
            && outcome.Event is AllocationOutcomeEvent.Rejected
                or AllocationOutcomeEvent.NoOp { Why: NoOpWhy.PolicyKnown }
            && outcome.CommandId?.StartsWith($"policy/{applied.Version}/", StringComparison.Ordinal) == true)
            ? Answered(outcome, applied, partition)
            : null;

    private static PartitionAnswer? Answered(AllocationOutcome outcome, PolicyInForce applied, int partition) =>
        outcome.Event switch
        {
            AllocationOutcomeEvent.PolicyActivated a when a.Version != applied.Version => null,
            AllocationOutcomeEvent.PolicyActivated a when a.ContentHash != applied.ContentHash => new PartitionAnswer(
                partition, PartitionStand.Rejected, a.EffectiveAtMs,
                $"took another content as version {a.Version}, hash {a.ContentHash[..12]}"),
            AllocationOutcomeEvent.PolicyActivated a => new PartitionAnswer(
                partition, a.InForce ? PartitionStand.InForce : PartitionStand.Pending, a.EffectiveAtMs,
                outcome.DuplicateOf is null ? "" : "answered before"),
            AllocationOutcomeEvent.NoOp noOp => new PartitionAnswer(
                partition, PartitionStand.Known, null, Words.Spaced(noOp.Why.ToString())),
            AllocationOutcomeEvent.Rejected rejected => new PartitionAnswer(
                partition, PartitionStand.Rejected, null,
                string.Join("; ", rejected.Reasons.Select(reason => $"{reason.Code}: {reason.Detail}"))),
            _ => null,
        };
}
