using System.Diagnostics.Metrics;
using Alloc.Engine.Observability;
using Alloc.Engine.Processing;

namespace Engine.Tests.Observability;

/// <summary>Dead letters are counted apart by what is wrong with them, in few words.</summary>
public sealed class DeadLetterReasonTests
{
    [Fact]
    public void Every_kind_of_bad_record_has_a_reason_of_its_own()
    {
        var group = $"dead-letters-{Guid.NewGuid()}";
        var counted = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, source) =>
        {
            if (instrument.Name == "alloc_dead_letters" && instrument.Meter.Tags!.Any(t => Equals(t.Value, group)))
            {
                source.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => counted.Add(
            string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}")) + $" {count}"));
        listener.Start();
        using var metrics = new EngineMetrics(
            group, () => throw new InvalidOperationException("Nobody asks for gauges."), TimeProvider.System);

        foreach (var kind in Enum.GetValues<BadRecordKind>())
        {
            metrics.DeadLetters(2, "in", kind);
        }

        Assert.Equal(
            [
                "topic=in reason=invalid 2", "topic=in reason=unreadable 2", "topic=in reason=incomplete 2",
                "topic=in reason=unknown 2", "topic=in reason=too-large 2",
            ],
            counted);
    }
}
