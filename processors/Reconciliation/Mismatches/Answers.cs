using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>What answers of the ledger to commands of repairs mean.</summary>
internal static class Answers
{
    private const string Rejected = "Rejected";
    private const string NothingToApprove = "NothingToApprove";

    /// <summary>Whether the ledger did not do it.</summary>
    public static bool Refuse(RepairAnswer answer) => answer.Event == Rejected;

    /// <summary>
    /// Whether it says nothing about the repair yet. A forced release is two commands: the first may wait for the
    /// second, and where it did not have to, the second finds nothing to approve.
    /// </summary>
    public static bool AreNeutral(RepairAnswer answer, RepairKind kind) =>
        answer.Event is "PendingApproval" or "NoOp"
        || (kind == RepairKind.ForceRelease && answer.Event == Rejected && answer.Reasons.Count > 0
            && answer.Reasons.All(r => r.StartsWith(NothingToApprove, StringComparison.Ordinal)));

    /// <summary>Why it was rejected.</summary>
    public static string ReasonsOf(RepairAnswer answer) => answer.Reasons.Count == 0
        ? $"{answer.OutcomeId} rejected it"
        : $"{answer.OutcomeId} rejected it: {string.Join("; ", answer.Reasons)}";
}
