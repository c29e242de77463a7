using System.Diagnostics;
using Alloc.Processors.Catalogue;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>Which differences a rule of the operations catalogue is for.</summary>
internal static class ShadowRules
{
    public static bool IsFor(ShadowRuleRow rule, ShadowDifference difference) =>
        (rule.Pools.Count == 0 || rule.Pools.Any(pattern => pattern.Matches(difference.PoolId)))
        && (rule.Commands.Count == 0 || rule.Commands.Contains(difference.Command))
        && Says(rule.Shadow, difference.Shadow)
        && Says(rule.Recorded, difference.Recorded)
        && (rule.Classes.Count == 0 || rule.Classes.Contains(difference.PriorityClass))
        && (rule.FromMs is null || rule.FromMs <= difference.DecidedAtMs)
        && (rule.UntilMs is null || rule.UntilMs > difference.DecidedAtMs);

    public static ShadowClass ClassOf(ShadowRuleRow rule) => rule.Class switch
    {
        ShadowRuleClass.HiddenRule => ShadowClass.HiddenRule,
        ShadowRuleClass.LegacyDefect => ShadowClass.LegacyDefect,
        ShadowRuleClass.DeliberatePolicy => ShadowClass.DeliberatePolicy,
        ShadowRuleClass.StaleSource => ShadowClass.StaleSource,
        _ => throw new UnreachableException(),
    };

    private static bool Says(Documents.ValueList<string> words, string decision) =>
        words.Count == 0 || words.Any(word => DecisionWords.Matches(word, decision));
}
