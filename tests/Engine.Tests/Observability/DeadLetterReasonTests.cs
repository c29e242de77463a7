using Alloc.Engine.Observability;
using Alloc.Engine.Processing;
using Engine.Tests.Support;

namespace Engine.Tests.Observability;

/// <summary>Dead letters are counted apart by what is wrong with them, in few words.</summary>
public sealed class DeadLetterReasonTests
{
    [Fact]
    public void Every_kind_of_bad_record_has_a_reason_of_its_own()
    {
        var group = $"dead-letters-{Guid.NewGuid()}";
        using var counted = new CounterWatch("alloc_dead_letters", group);
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
            counted.Counts);
    }
}
