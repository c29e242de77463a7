using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// A mismatch while something happens to it: how it stands now, and what is told of it. Knows no store and no clock.
/// </summary>
/// <param name="kept">How it stood before.</param>
/// <param name="nowMs">When it happens, milliseconds since 1970 UTC.</param>
internal sealed class MismatchStep(KeptMismatch kept, long nowMs)
{
    private readonly List<MismatchEvent> events = [];

    /// <summary>When it happens.</summary>
    public long NowMs { get; } = nowMs;

    /// <summary>How it stands, with what only its keeper knows.</summary>
    public KeptMismatch Kept { get; set; } = kept;

    /// <summary>How it stands, as others see it.</summary>
    public Mismatch Row
    {
        get => Kept.Mismatch;
        set => Kept = Kept with { Mismatch = value with { ChangedAtMs = NowMs } };
    }

    /// <summary>What is told, in order.</summary>
    public IReadOnlyList<MismatchEvent> Events => events;

    /// <summary>Tells what happened, with the state as it is by now.</summary>
    public void Tell(
        MismatchEventKind kind, string actor, string detail, string reason = "", string? decisionId = null) =>
        Tell(new MismatchEvent
        {
            MismatchId = "",
            AtMs = NowMs,
            Kind = kind,
            Actor = actor,
            Detail = detail,
            Reason = reason,
            DecisionId = decisionId,
        });

    /// <summary>Tells what happened; which mismatch and how it stands is filled in.</summary>
    public void Tell(MismatchEvent told) => events.Add(told with
    {
        MismatchId = Row.MismatchId,
        Class = Row.Class,
        AtMs = NowMs,
        State = Row.State,
    });
}
