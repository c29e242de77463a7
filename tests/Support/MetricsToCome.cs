namespace Alloc.Tests.Support;

/// <summary>Metrics that rules and dashboards name and no instance shows yet; empty when all parts are there.</summary>
internal static class MetricsToCome
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "alloc_stage_breached_items",
        "alloc_stage_compensations_total",
        "alloc_stage_completed_late_total",
        "alloc_stage_completed_total",
        "alloc_stage_drain_seconds",
        "alloc_stage_holds_at_risk",
        "alloc_stage_items",
        "alloc_stage_manual_review_items",
        "alloc_stage_oldest_age_seconds",
        "alloc_stage_retries_total",
        "alloc_stage_sla_seconds",
    ];
}
