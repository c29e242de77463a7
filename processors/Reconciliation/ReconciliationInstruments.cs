using System.Diagnostics.Metrics;
using Alloc.Processors.Reconciliation.Mismatches;

namespace Alloc.Processors.Reconciliation;

/// <summary>Why a record of others could not be used.</summary>
internal enum IgnoredWhy
{
    /// <summary>It is no such record.</summary>
    Unreadable,

    /// <summary>It is not newer than what is known.</summary>
    Stale,

    /// <summary>A payment never changes its currency.</summary>
    OtherCurrency,

    /// <summary>A receipt for an outcome that nobody sent.</summary>
    NoOutcome,

    /// <summary>A receipt of a service that no row of the catalogue obliges.</summary>
    NotObliged,

    /// <summary>An order in a state that nothing is known of.</summary>
    UnknownState,
}

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
        Mismatches = new MismatchInstruments(meter);
    }

    /// <summary>One meter for all instances of the process.</summary>
    public static ReconciliationInstruments Shared { get; } = new(new Meter(MeterName));

    /// <summary>Differences that were over within their tolerance.</summary>
    public Counter<long> TimingLag { get; }

    private Counter<long> Ignored { get; }

    /// <summary>Counts a record that no comparison could use.</summary>
    public void Ignore(string topic, IgnoredWhy why) => Ignored.Add(
        1, KeyValuePair.Create<string, object?>("topic", topic),
        KeyValuePair.Create<string, object?>("reason", why.ToString()));

    /// <summary>What the keeper of mismatches shows.</summary>
    public MismatchInstruments Mismatches { get; }
}
