namespace Alloc.Processors.Allocation.Ledger;

/// <summary>How an outcome relates to the command that it answers.</summary>
/// <param name="IsOriginal">The one outcome that decides it.</param>
/// <param name="IsRemembered">A repeat is answered with it.</param>
/// <param name="DuplicateOf">The outcome that it repeats.</param>
internal readonly record struct AnswerKind(bool IsOriginal, bool IsRemembered, string? DuplicateOf)
{
    /// <summary>Decides the command.</summary>
    public static AnswerKind Original => new(true, true, null);

    /// <summary>Answers until the command is decided.</summary>
    public static AnswerKind Provisional => new(false, true, null);

    /// <summary>
    /// Answers a command that is malformed, misaddressed, or has the id of another one: nothing of it is registered.
    /// </summary>
    public static AnswerKind Refusal => new(false, false, null);

    /// <summary>Answers a command that is only tried.</summary>
    public static AnswerKind Unremembered => new(true, false, null);

    /// <summary>Answers a repeat.</summary>
    public static AnswerKind Repeat(string outcomeId) => new(false, false, outcomeId);
}
