using System.Diagnostics.Metrics;

namespace Alloc.Processors.Reconciliation;

/// <summary>The instruments of reconciliation on a meter.</summary>
internal sealed class ReconciliationInstruments
{
    /// <summary>The meter's name; an exporter listens to it.</summary>
    public const string MeterName = "Alloc.Reconciliation";

    public ReconciliationInstruments(Meter meter)
    {
        TimingLag = meter.CreateCounter<long>(
            "alloc_reconciliation_timing_lag", null,
            "Differences that were over within their tolerance and opened no mismatch, by class.");
        Ignored = meter.CreateCounter<long>(
            "alloc_reconciliation_ignored", null,
            "Records of others that no comparison could use, by topic and reason.");
    }

    /// <summary>One meter for all instances of the process.</summary>
    public static ReconciliationInstruments Shared { get; } = new(new Meter(MeterName));

    /// <summary>Differences that were over within their tolerance.</summary>
    public Counter<long> TimingLag { get; }

    /// <summary>Records that no comparison could use.</summary>
    public Counter<long> Ignored { get; }
}
