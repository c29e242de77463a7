using System.Globalization;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Trial;

/// <summary>
/// Runs the log of one partition again in a scratch state: first the journal, outcome by outcome, up to where the trial
/// begins, then the commands from there on. Without a candidate the policies that were in force decide again, and the
/// outcomes are those of the journal, byte for byte. Not thread-safe.
/// </summary>
public sealed class PolicyTrial
{
    private readonly int partition;
    private readonly ITaskState? scratch;
    private readonly StoreLedgerState? stored;
    private readonly ILedgerState state;
    private readonly List<AllocationOutcome> outcomes = [];
    private AllocationLedger? ledger;
    private bool hasCandidate;

    /// <summary>A trial from the journal's start, in memory.</summary>
    /// <param name="partition">The partition.</param>
    public PolicyTrial(int partition)
        : this(partition, new InMemoryLedgerState())
    {
    }

    /// <summary>A trial from a checkpoint.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="scratch">A copy of the task's state; what the trial writes is never committed.</param>
    public PolicyTrial(int partition, ITaskState scratch)
        : this(partition, new StoreLedgerState(scratch))
    {
        this.scratch = scratch;
        stored = (StoreLedgerState)state;
    }

    private PolicyTrial(int partition, ILedgerState state)
    {
        this.partition = partition;
        this.state = state;
    }

    /// <summary>The partition's clock, in milliseconds since 1970 UTC.</summary>
    public long TMs => state.Partition.TMs;

    /// <summary>Applies an outcome of the journal.</summary>
    /// <exception cref="LedgerFaultException">The journal has a gap or a repeat.</exception>
    public void Restore(AllocationOutcome journaled)
    {
        scratch?.BeginRecord();
        stored?.BeginRecord();
        Evolve.Apply(state, journaled);
        scratch?.CommitRecord();
    }

    /// <summary>Puts the candidate into force; the trial begins.</summary>
    /// <param name="candidate">The policy to try; null: those that were in force.</param>
    /// <param name="topic">Topic of commands.</param>
    /// <param name="offset">Offset of the first command of the trial.</param>
    /// <returns>Why the partition would not take the candidate; empty: it does.</returns>
    public IReadOnlyList<string> Begin(AllocationPolicy? candidate, string topic, long offset)
    {
        ledger = new AllocationLedger(state, PolicyVersions.Version0, partition);
        if (candidate is null)
        {
            return [];
        }
        hasCandidate = true;
        var version = Math.Max(candidate.Version, checked(state.Settings.HighestPolicy + 1));
        var document = PolicyDocument.Write(candidate with { Version = version });
        var activation = new AllocationCommand
        {
            CommandId = string.Create(CultureInfo.InvariantCulture, $"trial/{version}"),
            PoolId = ReservedKeys.Policy,
            Actor = new Actor { Type = ActorType.Operator, Id = "trial" },
            CorrelationId = "trial",
            IssuedAtMs = TMs,
            Body = new AllocationCommandBody.PolicyActivate
            {
                Document = document,
                Version = version,
                ContentHash = PolicyDocument.HashOf(document),
                EffectiveAtMs = TMs,
            },
        };
        var answers = Fold(new LedgerRecord(topic, partition, offset - 1, TMs, ReservedKeys.Policy, -1, activation));
        return answers.FirstOrDefault(answer => answer.CommandId == activation.CommandId)?.Event
            is AllocationOutcomeEvent.Rejected rejected
            ? [.. rejected.Reasons.Select(reason => $"{reason.Code}: {reason.Detail}")]
            : [];
    }

    /// <summary>
    /// Decides a command of the trial. With a candidate, activations of other policies are left out. What is returned
    /// is valid until the next call.
    /// </summary>
    public IReadOnlyList<AllocationOutcome> Decide(in LedgerRecord record) =>
        hasCandidate && record.Command.Body is AllocationCommandBody.PolicyActivate ? [] : Fold(record);

    private List<AllocationOutcome> Fold(in LedgerRecord record)
    {
        outcomes.Clear();
        scratch?.BeginRecord();
        stored?.BeginRecord();
        ledger!.Fold(record, outcomes);
        scratch?.CommitRecord();
        return outcomes;
    }
}
