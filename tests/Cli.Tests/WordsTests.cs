using Alloc.Cli.Outcomes;
using Alloc.Schemas.Allocation;

namespace Cli.Tests;

/// <summary>Every number that a decision can have reads as something, whatever it is.</summary>
public sealed class WordsTests
{
    private static readonly long[] Extremes =
    [
        long.MinValue, -922_337_203_685_478, -1, 0, 1, 922_337_203_685_477, 922_337_203_685_478, 253_402_300_800_000,
        long.MaxValue,
    ];

    [Fact]
    public void Each_name_with_each_number_under_each_rule_is_shown()
    {
        foreach (var rule in Enum.GetValues<DecisionRule>())
        {
            foreach (var name in Enum.GetValues<NumberName>())
            {
                foreach (var value in Extremes)
                {
                    Assert.NotEmpty(Words.Numbers([new DecisionNumber { Name = name, Value = value }], rule));
                }
            }
        }
    }

    [Fact]
    public void Each_reason_with_each_number_has_its_remedy_or_none()
    {
        foreach (var code in Enum.GetValues<ReasonCode>())
        {
            foreach (var value in Extremes)
            {
                var reason = new Reason
                {
                    Code = code,
                    Detail = "",
                    Numbers = [.. Enum.GetValues<NumberName>()
                        .Select(n => new DecisionNumber { Name = n, Value = value })],
                };

                _ = Advice.Of([reason], []);
                Assert.NotEmpty(OutcomeBlock.ReasonText(reason));
            }
        }
    }

    [Fact]
    public void Each_time_is_shown_with_its_distance_from_now()
    {
        foreach (var value in Extremes)
        {
            Assert.NotEmpty(Words.Time(value, TimeProvider.System));
            Assert.NotEmpty(Words.Time($"{value}", TimeProvider.System));
        }
        Assert.Equal("soon", Words.Time("soon", TimeProvider.System));
    }
}
