using System.Buffers.Binary;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Trial;

/// <summary>A command that would have been decided differently.</summary>
/// <param name="PoolId">Its pool.</param>
/// <param name="CommandId">Its id.</param>
/// <param name="TMs">When it was decided, milliseconds since 1970 UTC.</param>
/// <param name="Was">What was decided.</param>
/// <param name="WouldBe">What would have been.</param>
public sealed record TrialDifference(
    string PoolId, string CommandId, long TMs, TrialDecision Was, TrialDecision WouldBe);

/// <summary>
/// Holds what was decided against what would have been, command by command; what follows from commands (expiries,
/// preemptions, promotions) by number. Not thread-safe.
/// </summary>
public sealed class TrialComparison
{
    private readonly Dictionary<TrialKey, (TrialDecision Decision, long TMs)> was = [];
    private readonly Dictionary<TrialKey, TrialDecision> refused = [];
    private readonly SortedDictionary<(string Was, string WouldBe), long> changes = [];
    private readonly SortedDictionary<string, (long Was, long WouldBe)> consequences = new(StringComparer.Ordinal);
    private readonly List<TrialDifference> examples = [];
    private readonly int exampleCount;

    /// <param name="exampleCount">How many examples of each change to keep.</param>
    public TrialComparison(int exampleCount) => this.exampleCount = exampleCount;

    /// <summary>Commands that were decided and decided again.</summary>
    public long Compared { get; private set; }

    /// <summary>Those of them that would have been decided differently.</summary>
    public long Different { get; private set; }

    /// <summary>How often what was decided would have been what else.</summary>
    public IReadOnlyDictionary<(string Was, string WouldBe), long> Changes => changes;

    /// <summary>Events that no command asked for: how often they were, and would have been.</summary>
    public IReadOnlyDictionary<string, (long Was, long WouldBe)> Consequences => consequences;

    /// <summary>Some of those that would have been decided differently.</summary>
    public IReadOnlyList<TrialDifference> Examples => examples;

    /// <summary>An outcome of the journal.</summary>
    public void Was(AllocationOutcome outcome)
    {
        if (Key(outcome) is { } key)
        {
            if (outcome.Original || !was.ContainsKey(key))
            {
                was[key] = (TrialDecision.Of(outcome), outcome.TMs);
            }
        }
        else if (IsConsequence(outcome))
        {
            var (before, after) = consequences.GetValueOrDefault(outcome.Event.GetType().Name);
            consequences[outcome.Event.GetType().Name] = (before + 1, after);
        }
    }

    /// <summary>An outcome of the trial; those of the journal for the same records must be known already.</summary>
    public void WouldBe(AllocationOutcome outcome)
    {
        if (Key(outcome) is not { } key)
        {
            if (IsConsequence(outcome))
            {
                var (before, after) = consequences.GetValueOrDefault(outcome.Event.GetType().Name);
                consequences[outcome.Event.GetType().Name] = (before, after + 1);
            }
            return;
        }
        if (!outcome.Original)
        {
            // The same command may come again, and be taken.
            refused[key] = TrialDecision.Of(outcome);
        }
        else if (was.Remove(key, out var decided))
        {
            Compare(key, decided.Decision, decided.TMs, TrialDecision.Of(outcome));
        }
    }

    /// <summary>Commands that the trial left open, parked for instance, are compared as such.</summary>
    public void Finish()
    {
        foreach (var (key, decided) in was)
        {
            Compare(
                key, decided.Decision, decided.TMs,
                refused.TryGetValue(key, out var refusal) ? refusal : new TrialDecision("not decided yet", ""));
        }
        was.Clear();
        refused.Clear();
    }

    private void Compare(in TrialKey key, TrialDecision before, long tMs, TrialDecision after)
    {
        Compared++;
        if (after == before)
        {
            return;
        }
        Different++;
        var change = (before.Kind, after.Kind);
        var count = changes.GetValueOrDefault(change);
        changes[change] = count + 1;
        if (count < exampleCount)
        {
            examples.Add(new TrialDifference(key.PoolId, key.CommandId, tMs, before, after));
        }
    }

    // Policies themselves are not compared: the trial has its own. What is malformed has no original, and may be under
    // one policy and not under the other; a command that was mended under its id has another content.
    private static TrialKey? Key(AllocationOutcome outcome) =>
        outcome is { CommandId: { } id, PayloadHash: { } hash } && (outcome.Original || IsMalformed(outcome))
        && outcome.CommandKind is not CommandKind.PolicyActivate
            ? new TrialKey(
                outcome.RequestedPoolId ?? outcome.PoolId, id, BinaryPrimitives.ReadUInt128BigEndian(hash.Span))
            : null;

    private static bool IsMalformed(AllocationOutcome outcome) => RecentRefusals.Are(outcome)
        && outcome.Event is AllocationOutcomeEvent.Rejected rejected
        && rejected.Reasons.Any(r => r.Code == ReasonCode.Malformed);

    private static bool IsConsequence(AllocationOutcome outcome) =>
        outcome.CommandId is null && outcome.DuplicateOf is null
        && outcome.Event is not AllocationOutcomeEvent.PolicyActivated;
}

/// <summary>A command by its pool, its id and its content.</summary>
internal readonly record struct TrialKey(string PoolId, string CommandId, UInt128 Hash);
