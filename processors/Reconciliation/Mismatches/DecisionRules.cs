using Alloc.Engine.Processing;
using Alloc.Processors.Records;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// What a decision must be. One that no program should write is a dead letter; one that a person may have got wrong is
/// refused in words, which is an event.
/// </summary>
internal static class DecisionRules
{
    /// <exception cref="BadRecordException">No program should write it.</exception>
    public static void Check(string? key, RepairDecision decision)
    {
        RecordRules.CheckId("decisionId", decision.DecisionId, TextBounds.ShortId);
        if (decision.Kind == DecisionKind.Run)
        {
            RecordRules.CheckKey(key, decision.DecisionId, "decisionId", TextBounds.ShortId);
            RecordRules.CheckText("mismatchId", decision.MismatchId, 0);
        }
        else
        {
            RecordRules.CheckKey(key, decision.MismatchId, "mismatchId", TextBounds.ShortId);
        }
        RecordRules.CheckText("actor", decision.Actor, TextBounds.ShortId);
        RecordRules.CheckText("assignee", decision.Assignee, TextBounds.ShortId);
        RecordRules.CheckText("scope", decision.Scope, TextBounds.Id);
        RecordRules.CheckText("class", decision.Class, TextBounds.Name);
        RecordRules.CheckText("reason", decision.Reason, TextBounds.Words);
        foreach (var (field, text) in new[]
        {
            ("actor", decision.Actor), ("assignee", decision.Assignee), ("scope", decision.Scope),
        })
        {
            if (text?.AsSpan().ContainsAnyInRange('\0', '\u001f') == true)
            {
                throw new BadRecordException($"{field} '{ShownText.Short(text)}' has a control character");
            }
        }
    }

    /// <summary>The same decision without white space around names.</summary>
    public static RepairDecision Trim(RepairDecision decision) => decision with
    {
        Actor = decision.Actor.Trim(),
        Reason = decision.Reason.Trim(),
        Assignee = decision.Assignee?.Trim(),
        Scope = decision.Scope.Trim(),
        Class = decision.Class?.Trim(),
    };

    /// <summary>What is wrong with it whatever the mismatch is like, in words; null: nothing.</summary>
    public static string? Fault(RepairDecision decision) => decision switch
    {
        { Kind: DecisionKind.Unknown } => "what is decided is nothing that this version knows",
        { Actor: "" } => "actor is empty: name who decides",
        { Actor: MismatchLife.Self } => $"actor is {MismatchLife.Self}, which stands for nobody: name who decides",
        { Kind: not DecisionKind.Assign, Reason: "" } => "reason is empty: say why",
        { Kind: DecisionKind.Assign, Assignee: null or "" } => "assignee is empty: name who takes it",
        { Kind: DecisionKind.Run, Scope: "" } => "scope is empty: name a mismatch, a pool or an order, or * for all",
        { Kind: DecisionKind.Run, Cap: < 1 } => FormattableString.Invariant($"cap is {decision.Cap}; at least 1"),
        { Kind: DecisionKind.Run, Class: { } name } when !IsClass(name) =>
            $"class '{name}' is none that this version knows",
        _ => null,
    };

    private static bool IsClass(string name) =>
        Enum.TryParse<Catalogue.MismatchClass>(name, out var mismatch) && mismatch.ToString() == name;
}
