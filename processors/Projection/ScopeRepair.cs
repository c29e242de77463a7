using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Projection;

/// <summary>How far a repair is, as its task and its builder see it.</summary>
public enum RepairStage
{
    /// <summary>The scope is being built apart; the task does nothing.</summary>
    Building,

    /// <summary>The task is asked to keep what it folds from now on.</summary>
    Asked,

    /// <summary>The task keeps the outcomes of the scope that it meets.</summary>
    Keeping,

    /// <summary>What was built is handed over; the task takes it in next.</summary>
    Handed,

    /// <summary>The task took it in; its transaction is not known to be committed.</summary>
    Applied,

    /// <summary>Committed, or nothing was to be written.</summary>
    Done,

    /// <summary>The task could not keep all, or was opened anew: ask again.</summary>
    Lost,
}

/// <summary>What a repair found, and mended unless it was only a check.</summary>
/// <param name="Different">Entries that said something else than the journal.</param>
/// <param name="Missing">Entries that were not there.</param>
/// <param name="Superfluous">Entries that the journal does not have.</param>
/// <param name="Examples">Some of them, in words.</param>
public sealed record RepairFindings(long Different, long Missing, long Superfluous, IReadOnlyList<string> Examples)
{
    /// <summary>All of them.</summary>
    public long Total => Different + Missing + Superfluous;
}

/// <summary>
/// A scope of a partition that is built anew apart, and taken over by the partition's task in one step. Its builder
/// folds the journal into a scratch; then the task keeps the outcomes that it meets; the builder folds on to where the
/// journal ends, which is past all that the task did not keep; the task folds what it kept onto that, and makes the
/// entries that differ what the scratch says, in one transaction. Sequences make an outcome count once.
/// </summary>
/// <param name="scope">What is built.</param>
/// <param name="isCheck">Whether differences are only counted.</param>
public sealed class ScopeRepair(ProjectionScope scope, bool isCheck)
{
    /// <summary>Outcomes that a task keeps at most.</summary>
    public const int KeptAtMost = 50_000;

    private const int ExampleCount = 10;
    private readonly Lock gate = new();
    private readonly List<AllocationOutcome> kept = [];
    private ProjectionScratch? scratch;
    private IReadOnlyCollection<ProjectionEntry> suspects = [];
    private volatile RepairStage stage;
    private volatile bool isAwaited;

    /// <summary>What is built.</summary>
    public ProjectionScope Scope => scope;

    /// <summary>How far it is.</summary>
    public RepairStage Stage => stage;

    /// <summary>Whether the task stands at an outcome that does not follow on, and waits for this.</summary>
    public bool IsAwaited => isAwaited;

    /// <summary>What was found, when it is over.</summary>
    public RepairFindings? Findings { get; private set; }

    /// <summary>The builder asks the task to keep outcomes from now on.</summary>
    public void Ask()
    {
        lock (gate)
        {
            kept.Clear();
            scratch = null;
            stage = RepairStage.Asked;
        }
    }

    /// <summary>
    /// The builder hands over what it folded, and does not touch it until the stage is <see cref="RepairStage.Lost"/>
    /// or <see cref="RepairStage.Done"/>.
    /// </summary>
    /// <param name="built">The scratch, folded past all that the task did not keep.</param>
    /// <param name="differing">Every entry that may differ.</param>
    public void HandOver(ProjectionScratch built, IReadOnlyCollection<ProjectionEntry> differing)
    {
        lock (gate)
        {
            if (stage == RepairStage.Keeping)
            {
                (scratch, suspects, stage) = (built, differing, RepairStage.Handed);
            }
        }
    }

    /// <summary>The builder takes back what it handed over, before it throws it away.</summary>
    public void Withdraw()
    {
        lock (gate)
        {
            scratch = null;
            stage = stage == RepairStage.Done ? stage : RepairStage.Lost;
        }
    }

    /// <summary>The task was opened: what it kept before is gone.</summary>
    internal void Opened()
    {
        lock (gate)
        {
            isAwaited = false;
            if (stage is RepairStage.Keeping or RepairStage.Handed or RepairStage.Applied)
            {
                stage = RepairStage.Lost;
            }
        }
    }

    /// <summary>The task met an outcome, whether it is new to it or not.</summary>
    internal void Keep(AllocationOutcome outcome)
    {
        if (stage is not (RepairStage.Asked or RepairStage.Keeping or RepairStage.Handed))
        {
            return;
        }
        lock (gate)
        {
            stage = stage == RepairStage.Asked ? RepairStage.Keeping : stage;
            if (stage is RepairStage.Keeping or RepairStage.Handed && scope.Covers(outcome.PoolId))
            {
                kept.Add(outcome);
                stage = kept.Count > KeptAtMost ? RepairStage.Lost : stage;
            }
        }
    }

    /// <summary>The task cannot go on before the scope is built; true where that is to be.</summary>
    internal bool IsToAwait(string poolId) => isAwaited = scope.Covers(poolId) && stage != RepairStage.Done;

    /// <summary>The task's turn, outside of any record.</summary>
    internal void Work(ProjectionFold live, long nowMs)
    {
        lock (gate)
        {
            if (stage == RepairStage.Asked)
            {
                stage = RepairStage.Keeping;
            }
            else if (stage == RepairStage.Handed)
            {
                Apply(live, nowMs);
            }
        }
    }

    /// <summary>The task's transaction committed.</summary>
    internal void Committed()
    {
        if (stage == RepairStage.Applied)
        {
            stage = RepairStage.Done;
        }
    }

    /// <summary>The builder sees what was written.</summary>
    public void Seen() => Committed();

    private void Apply(ProjectionFold live, long nowMs)
    {
        var all = new HashSet<ProjectionEntry>(suspects);
        scratch!.Touched = entry => all.Add(entry);
        try
        {
            kept.ForEach(outcome => scratch.Fold(outcome, () => "the end of the journal"));
        }
        catch (StreamsException)
        {
            // The builder reads the missing ones, or says what is wrong with the journal.
            stage = RepairStage.Lost;
            return;
        }
        var differences = all.Select(e => live.Reads.Compare(e, scratch.Reads, nowMs)).OfType<ProjectionDifference>()
            .OrderBy(d => d.Entry.Part == ProjectionPart.Reservation ? 0 : 1)
            .ThenBy(d => d.Entry.PoolId, StringComparer.Ordinal).ThenBy(d => d.Entry.Id, StringComparer.Ordinal)
            .ToList();
        Findings = new RepairFindings(
            differences.Count(d => d.Kind == DifferenceKind.Different),
            differences.Count(d => d.Kind == DifferenceKind.Missing),
            differences.Count(d => d.Kind == DifferenceKind.Superfluous),
            [.. differences.Take(ExampleCount).Select(d => d.Describe(live.Reads, scratch.Reads))]);
        if (!isCheck)
        {
            foreach (var difference in differences)
            {
                live.Copy(difference.Entry, scratch.Reads, nowMs);
            }
        }
        stage = isCheck || differences.Count == 0 ? RepairStage.Done : RepairStage.Applied;
    }
}
