namespace Alloc.Cli.Monitoring.Rules;

/// <summary>Every rule, by what it watches over.</summary>
internal static class RuleBook
{
    /// <summary>The rules for thresholds and what is watched of a catalogue.</summary>
    public static IReadOnlyList<RuleGroup> Groups(Thresholds thresholds, WatchedCatalogue catalogue) =>
    [
        new("alloc.presence", PresenceRules.Of(thresholds)),
        new("alloc.stages", StageRules.Of(thresholds, catalogue.Stages)),
        new("alloc.reconciliation", ReconciliationRules.Of(thresholds, catalogue.Classes)),
        new("alloc.lag", LagRules.Of(thresholds)),
        new("alloc.holds", HoldRules.Of(thresholds)),
        new("alloc.decisions", DecisionRules.Of(thresholds)),
        new("alloc.engine", EngineRules.Of(thresholds)),
    ];
}
