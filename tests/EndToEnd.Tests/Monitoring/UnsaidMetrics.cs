namespace EndToEnd.Tests.Monitoring;

/// <summary>Metrics that a healthy <c>alloc dev</c> need not have a sample of, each with the reason.</summary>
internal static class UnsaidMetrics
{
    public static IReadOnlyDictionary<string, string> Reasons { get; } = new Dictionary<string, string>
    {
        ["alloc_by_order_unaddressed_total"] = "no order has a reference that can be no key",
        ["alloc_degraded_mode_active"] = "no mode is on",
        ["alloc_late_records_total"] = "no record is late",
        ["alloc_partition_open_transaction_seconds"] = "no transaction stands open",
        ["alloc_partition_unowned"] = "the one instance has every partition",
        ["alloc_reconciliation_accepted"] = "nobody said that a mismatch is meant",
        ["alloc_reconciliation_exception_overdue"] = "nothing has waited for a person long enough",
        ["alloc_reconciliation_exception_queue"] = "what disagrees has a repair",
        ["alloc_reconciliation_ignored_total"] = "nobody writes what no comparison can use",
        ["alloc_reconciliation_repairs_total"] = "no repair was sent",
        ["alloc_reconciliation_timing_lag_total"] = "nobody is late",
        ["alloc_recoveries_total"] = "nothing fails",
        ["alloc_rested_seconds_total"] = "no decision waits for processor time",
        ["alloc_shadow_decisions_total"] = "no shadow runs",
        ["alloc_state_wipes_total"] = "no state is damaged",
        ["alloc_unusual_records_total"] = "no join drops a record",
    };
}
