using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>What the shadow decided about a request.</summary>
/// <param name="TMs">When, in milliseconds since 1970 UTC.</param>
/// <param name="Command">Kind of the command.</param>
/// <param name="Decision">The decision; empty: units came back only.</param>
/// <param name="Units">Units granted; negative: given back on request.</param>
/// <param name="Missing">Units that it lacked; 0: it did not.</param>
/// <param name="Class">Priority class.</param>
internal readonly record struct ShadowStep(
    long TMs, CommandKind Command, string Decision, long Units, long Missing, RequestClass Class);

/// <summary>A priority class, or the row of the policy that chose it.</summary>
internal readonly record struct RequestClass(string Name, int PolicyVersion, string Row);

/// <summary>A reservation: what the shadow granted of it, and what the other system is known to have given.</summary>
internal sealed class ShadowPromise
{
    private readonly List<ShadowStep> steps = [];

    /// <summary>Most units that were ever asked for; null: the log does not say.</summary>
    public long? Asked { get; private set; } = 0;

    /// <summary>When its release as a whole was first asked for; null: never.</summary>
    public long? FinishedAtMs { get; private set; }

    /// <summary>Units that the other system has given, returned ones taken off.</summary>
    public long Given { get; private set; }

    // Units among them that were imported and not used since.
    private long imported;

    public void Add(ShadowStep step) => steps.Add(step);

    /// <summary>A request asked for so many units.</summary>
    public void Ask(long? units) => Asked = units is null || Asked is null ? null : Math.Max(Asked.Value, units.Value);

    /// <summary>A request asked for so many more.</summary>
    public void AskMore(long units) => Asked += units;

    public void Finish(long tMs) => FinishedAtMs ??= tMs;

    /// <summary>What the shadow had decided by a time; the first decision where all came later.</summary>
    public ShadowStep DecisionBy(long tMs)
    {
        var found = steps.FindLast(step => step.TMs <= tMs && step.Decision.Length > 0);
        return found.Decision is null ? steps.Find(step => step.Decision.Length > 0) : found;
    }

    /// <summary>Units that the shadow had granted by a time, without those given back on request.</summary>
    public long GrantedBy(long tMs)
    {
        long units = 0;
        foreach (var step in steps)
        {
            units += step.TMs <= tMs ? step.Units : 0;
        }
        return units;
    }

    /// <summary>When the shadow had granted so many units, after one time and up to another; null: never.</summary>
    public long? ReachedAt(long units, long afterMs, long untilMs)
    {
        long sum = 0;
        foreach (var step in steps)
        {
            sum += step.Units;
            if (step.TMs > afterMs && step.TMs <= untilMs && sum >= units)
            {
                return step.TMs;
            }
        }
        return null;
    }

    /// <summary>The other system used up units; returns those that it is not known to have given before.</summary>
    public long Consume(long units)
    {
        var known = Math.Min(units, imported);
        imported -= known;
        Given += units - known;
        return units - known;
    }

    /// <summary>Units that the other system had promised were taken over.</summary>
    public void Import(long units)
    {
        imported += units;
        Given += units;
    }

    /// <summary>Units came back; returns those that had been given.</summary>
    public long Return(long units)
    {
        var back = Math.Min(units, Given);
        Given -= back;
        return back;
    }
}
