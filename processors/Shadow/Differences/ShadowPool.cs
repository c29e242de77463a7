using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>A fact of supply, as the shadow took it.</summary>
/// <param name="Source">The source.</param>
/// <param name="Sequence">Its sequence; null: a count, or a fact without one.</param>
/// <param name="Version">The version of a count; null: a fact, or a count without one.</param>
/// <param name="Change">Units added; negative: taken away.</param>
/// <param name="TMs">When it arrived, in milliseconds since 1970 UTC.</param>
/// <param name="ObservedMs">
/// When its source knew it at the latest: the time that the command was made, or that a fact arrived which the source
/// had numbered after it. Null: nothing says that it was before it arrived.
/// </param>
internal readonly record struct SupplySeen(
    string Source, long? Sequence, long? Version, long Change, long TMs, long? ObservedMs);

/// <summary>What the journals say of the supply of a pool.</summary>
internal sealed class ShadowPool
{
    private readonly List<SupplySeen> supply = [];

    // Of sequences only: the versions of counts are numbers of their own.
    private readonly Dictionary<string, long> highest = new(StringComparer.Ordinal);
    private long? start;
    private long added;

    /// <summary>Facts of supply, in the order in which they arrived.</summary>
    public IReadOnlyList<SupplySeen> Supply => supply;

    /// <summary>Units that there ever were on hand by the authority's own journal, from where it was read on.</summary>
    public long Ever => (start ?? 0) + added;

    /// <summary>Units that the other system is known to have given from there on.</summary>
    public long Given { get; private set; }

    /// <summary>Takes a fact of the shadow's journal.</summary>
    public void Hear(AllocationOutcome outcome, AllocationOutcomeEvent.SupplyApplied applied)
    {
        var observedMs = IssuedAt(outcome);
        if (applied.SourceSequence is { } sequence)
        {
            observedMs ??= Overtaken(applied.Source, sequence);
            highest[applied.Source] = Math.Max(sequence, highest.GetValueOrDefault(applied.Source, sequence));
        }
        supply.Add(new SupplySeen(
            applied.Source, applied.SourceSequence, applied.Version, applied.Change, outcome.TMs, observedMs));
    }

    /// <summary>Takes an outcome of the authority's journal.</summary>
    public void Count(AllocationOutcome outcome)
    {
        var before = outcome.BalancesBefore;
        start ??= before.Free + before.Held + before.Confirmed + before.Blocked;
        foreach (var entry in outcome.Entries)
        {
            added += entry.From == Account.External ? entry.Quantity : 0;
        }
    }

    public void Give(long units) => Given += units;

    private static long? IssuedAt(AllocationOutcome outcome)
    {
        foreach (var step in outcome.Decision)
        {
            if (step.Rule == DecisionRule.Age && step.Number(NumberName.IssuedAt) is { } ms)
            {
                return ms < outcome.TMs ? ms : null;
            }
        }
        return null;
    }

    // A fact that its source had numbered before one that was there already.
    private long? Overtaken(string source, long sequence)
    {
        // Most come in order: of those nothing is looked for.
        if (highest.GetValueOrDefault(source, sequence) <= sequence)
        {
            return null;
        }
        foreach (var fact in supply)
        {
            if (fact.Source == source && fact.Sequence > sequence)
            {
                return fact.TMs;
            }
        }
        return null;
    }
}
