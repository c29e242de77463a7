using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Documents;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Catalogue;

/// <summary>What a rule may say of a difference between the shadow and the other system.</summary>
public enum ShadowRuleClass
{
    /// <summary>The other system has a rule that nobody wrote down.</summary>
    HiddenRule,

    /// <summary>The other system does what cannot be right.</summary>
    LegacyDefect,

    /// <summary>Alloc decides otherwise because somebody wants it to.</summary>
    DeliberatePolicy,

    /// <summary>One of the two knew supply later than the other.</summary>
    StaleSource,
}

/// <summary>
/// A rule that people keep about differences of the shadow: all of its conditions have to hold; an empty one always
/// does.
/// </summary>
/// <param name="Id">The row's name.</param>
/// <param name="Class">The class of the differences that it matches.</param>
/// <param name="Owner">Who owns it.</param>
/// <param name="Because">Why, for people.</param>
public sealed record ShadowRuleRow(string Id, ShadowRuleClass Class, string Owner, string Because)
{
    /// <summary>Pools that it concerns.</summary>
    public ValueList<PoolPattern> Pools { get; init; } = [];

    /// <summary>Kinds of the command that the shadow decided; Hold where units show what another granted.</summary>
    public ValueList<CommandKind> Commands { get; init; } = [];

    /// <summary>What the shadow decided: <see cref="DecisionWords"/>.</summary>
    public ValueList<string> Shadow { get; init; } = [];

    /// <summary>What the log has of the other system, in the same words: Consumed, Imported, an answer.</summary>
    public ValueList<string> Recorded { get; init; } = [];

    /// <summary>Priority classes of the request.</summary>
    public ValueList<string> Classes { get; init; } = [];

    /// <summary>Decided by the shadow at this time or later, in milliseconds since 1970 UTC; null: any.</summary>
    public long? FromMs { get; init; }

    /// <summary>Decided by the shadow before this time, in milliseconds since 1970 UTC; null: any.</summary>
    public long? UntilMs { get; init; }

    /// <summary>Whether some condition holds besides that of pools.</summary>
    internal bool HasCondition => Commands.Count + Shadow.Count + Recorded.Count + Classes.Count > 0
        || FromMs is not null || UntilMs is not null;

    /// <summary>Whether it matches everything that the other row matches.</summary>
    internal bool Covers(ShadowRuleRow other) =>
        IsWider(Pools, other.Pools, (mine, theirs) => mine.Covers(theirs))
        && IsWider(Commands, other.Commands, (mine, theirs) => mine == theirs)
        && IsWider(Shadow, other.Shadow, DecisionWords.Matches)
        && IsWider(Recorded, other.Recorded, DecisionWords.Matches)
        && IsWider(Classes, other.Classes, (mine, theirs) => mine == theirs)
        && (FromMs is null || FromMs <= other.FromMs)
        && (UntilMs is null || UntilMs >= other.UntilMs);

    private static bool IsWider<T>(ValueList<T> mine, ValueList<T> theirs, Func<T, T, bool> covers) =>
        mine.Count == 0 || (theirs.Count > 0 && theirs.All(one => mine.Any(wide => covers(wide, one))));
}
