using System.Diagnostics.Metrics;

namespace Alloc.Processors.ByOrder;

/// <summary>The instruments of by-order on a meter.</summary>
internal sealed class ByOrderInstruments
{
    /// <summary>The meter's name; an exporter listens to it.</summary>
    public const string MeterName = "Alloc.ByOrder";

    public ByOrderInstruments(Meter meter)
    {
        Unaddressed = meter.CreateCounter<long>(
            "alloc_by_order_unaddressed", null,
            "Outcomes of an order whose reference can be no key of by-order, by reason.");
    }

    /// <summary>One meter for all instances of the process.</summary>
    public static ByOrderInstruments Shared { get; } = new(new Meter(MeterName));

    /// <summary>Outcomes of an order that by-order cannot be told of.</summary>
    public Counter<long> Unaddressed { get; }
}
