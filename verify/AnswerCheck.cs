using Alloc.Client;

namespace Alloc.Verify;

/// <summary>
/// How outcomes answer commands: each record once, found by its place in the log; each command id once for as long as
/// it is remembered; a repeat with what was decided; and what is malformed or misaddressed without leaving a trace.
/// </summary>
internal sealed class AnswerCheck(Findings findings, PartitionFacts facts, PartitionCounts counts)
{
    private readonly RememberedCommands remembered = new();
    private readonly Dictionary<UInt128, ObservedCommand?> waiting = [];

    /// <summary>Commands that are still to be decided: parked, or waiting for an approval.</summary>
    public int WaitingCount => waiting.Count;

    /// <summary>Checks the answer to a command.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="command">The command of its source, where it answers it and the log still has it.</param>
    /// <param name="isDirect">Whether it answers its source, as far as can be known.</param>
    /// <param name="isMisplaced">Whether the command's record does not belong where it lies.</param>
    public void Check(ObservedOutcome outcome, ObservedCommand? command, bool isDirect, bool isMisplaced)
    {
        var id = IdOf(outcome);
        if (!isDirect && !(outcome.HasCause && outcome.Answer == AnswerKind.Original))
        {
            Report(FindingKind.OrphanOutcome, outcome,
                $"answers command '{outcome.CommandId}', which its source {outcome.Source} does not carry");
        }
        else if (!isDirect && facts.JournalStartsAtFirst && !waiting.ContainsKey(id))
        {
            Report(FindingKind.OrphanOutcome, outcome,
                $"decides command '{outcome.CommandId}', which its source {outcome.Source} does not carry and which "
                + "did not wait");
        }
        switch (outcome.Answer)
        {
            case AnswerKind.Original:
                counts.Originals++;
                CheckOriginal(outcome, id, isDirect);
                break;
            case AnswerKind.Duplicate:
                counts.Duplicates++;
                CheckDuplicate(outcome, id);
                break;
            case AnswerKind.Provisional when isDirect:
                waiting[id] = command;
                break;
            case AnswerKind.Refusal:
                CheckRefusal(outcome, id);
                break;
        }
        if (isMisplaced && outcome.Answer != AnswerKind.Refusal)
        {
            Report(FindingKind.RegistrationBroken, outcome,
                $"answers command '{outcome.CommandId}' with {outcome.Event}, though its record has the wrong key or "
                + "lies in the wrong partition");
        }
        Remember(outcome, id);
    }

    /// <summary>
    /// The command that an outcome decides: its source's, or one that waited; null where the log has it no longer.
    /// </summary>
    public ObservedCommand? Answered(ObservedOutcome outcome, ObservedCommand? direct)
    {
        return outcome.Answer == AnswerKind.Original && waiting.Remove(IdOf(outcome), out var waited) ? waited : direct;
    }

    // Where the ledger has no pool of the name, the partition answers; the id is one of the pool that was named.
    private static UInt128 IdOf(ObservedOutcome outcome) =>
        Fingerprint.Of(outcome.AboutPoolId, outcome.CommandId ?? "");

    private void CheckOriginal(ObservedOutcome outcome, UInt128 id, bool isDirect)
    {
        if (remembered.Find(id, outcome.TimeMs) is { } before && (isDirect || !before.IsProvisional))
        {
            Report(FindingKind.DoubledOutcome, outcome,
                $"command '{outcome.CommandId}' "
                + (before.IsProvisional ? "is decided while it waits" : "has a second original outcome"));
        }
        if (isDirect && outcome.Reasons.Contains(Events.Malformed))
        {
            Report(FindingKind.RegistrationBroken, outcome,
                $"command '{outcome.CommandId}' is malformed; what makes no sense decides nothing about its id");
        }
        else if (outcome.RememberUntilMs is null)
        {
            Report(FindingKind.RegistrationBroken, outcome,
                $"command '{outcome.CommandId}' is decided, but its id is not remembered");
        }
    }

    private void CheckDuplicate(ObservedOutcome outcome, UInt128 id)
    {
        if (remembered.Find(id, outcome.TimeMs) is not { } original)
        {
            if (facts.JournalStartsAtFirst)
            {
                Report(FindingKind.BadDuplicate, outcome,
                    $"command '{outcome.CommandId}' was never decided before, or so long ago that it is forgotten");
            }
        }
        else if (Fingerprint.Of(outcome.DuplicateOf ?? "") != original.OutcomeId
            || outcome.Event != remembered.EventOf(original))
        {
            Report(FindingKind.BadDuplicate, outcome,
                $"answers {outcome.Event} as a repeat of '{outcome.DuplicateOf}', not what the original said "
                + $"({remembered.EventOf(original)})");
        }
    }

    private void CheckRefusal(ObservedOutcome outcome, UInt128 id)
    {
        if (outcome.Reasons.Contains(Events.Malformed))
        {
            return;
        }
        if (!outcome.Reasons.Contains(Events.IdempotencyConflict))
        {
            Report(FindingKind.RegistrationBroken, outcome,
                $"command '{outcome.CommandId}' is answered {outcome.Event} "
                + $"({string.Join(", ", outcome.Reasons)}), which is no original outcome of it");
        }
        else if (facts.JournalStartsAtFirst && remembered.Find(id, outcome.TimeMs) is null)
        {
            Report(FindingKind.BadDuplicate, outcome,
                $"command '{outcome.CommandId}' is refused for another one with its id; there is none");
        }
    }

    private void Remember(ObservedOutcome outcome, UInt128 id)
    {
        if (outcome.RememberUntilMs is not { } untilMs)
        {
            return;
        }
        if (outcome.Answer is AnswerKind.Original or AnswerKind.Provisional)
        {
            remembered.Put(id, outcome, untilMs);
        }
        else
        {
            Report(FindingKind.RegistrationBroken, outcome,
                $"{outcome.Event} ({outcome.Answer}) registers command '{outcome.CommandId}'");
        }
    }

    private void Report(FindingKind kind, ObservedOutcome outcome, string text) =>
        findings.Add(kind, outcome.PoolId, outcome.At, text);
}
