namespace Alloc.Cli.Monitoring.Rules;

/// <summary>Every rule, by what it watches over.</summary>
internal static class RuleBook
{
    /// <summary>The rules for thresholds and stages.</summary>
    public static IReadOnlyList<RuleGroup> Groups(Thresholds thresholds, IReadOnlyList<WatchedStage> stages) =>
    [
        new("alloc.presence", PresenceRules.Of(thresholds)),
        new("alloc.stages", StageRules.Of(thresholds, stages)),
        new("alloc.lag", LagRules.Of(thresholds)),
        new("alloc.holds", HoldRules.Of(thresholds)),
        new("alloc.decisions", DecisionRules.Of(thresholds)),
        new("alloc.engine", EngineRules.Of(thresholds)),
    ];
}
