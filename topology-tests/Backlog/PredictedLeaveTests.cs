using Alloc.Processors.Backlog;
using Alloc.Schemas.Backlog;

namespace Topology.Tests.Backlog;

/// <summary>When one piece of work leaves, of what the merger predicts for all of its stage.</summary>
public sealed class PredictedLeaveTests
{
    private const long StartMs = BacklogDriver.StartMs;

    // Points of the line as seconds: entered, leaves; null: never.
    public static TheoryData<string, (int Entered, int? Leaves)[]?, int, LeaveForecast, int?> Lines => new()
    {
        { "no prediction was read", null, 0, LeaveForecast.Unknown, null },
        { "the rates are not known", [], 0, LeaveForecast.Unknown, null },
        { "at a point", [(0, 100), (10, 200)], 10, LeaveForecast.Leaves, 200 },
        { "between two points", [(0, 100), (10, 200)], 5, LeaveForecast.Leaves, 150 },
        { "before the first", [(0, 100), (10, 200)], -5, LeaveForecast.Leaves, 100 },
        { "after the last", [(0, 100), (10, 200)], 50, LeaveForecast.Leaves, 200 },
        { "nothing leaves", [(0, null), (10, null)], 5, LeaveForecast.Stays, null },
        { "the later ones do not leave", [(0, 100), (10, null)], 20, LeaveForecast.Stays, null },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void Work_leaves_when_the_mergers_line_says_so(
        string what, (int Entered, int? Leaves)[]? points, int entered, LeaveForecast forecast, int? leaves)
    {
        var prediction = points is null ? null : new StagePrediction
        {
            StageId = BacklogDriver.Fraud,
            AtMs = StartMs,
            Leaves = [.. points.Select(p => new LeavePoint
            {
                EnteredAtMs = At(p.Entered), LeaveAtMs = p.Leaves is { } seconds ? At(seconds) : null,
            })],
        };

        var leave = PredictedLeave.Of(prediction, At(entered));

        Assert.True(
            (forecast, leaves is { } expected ? At(expected) : (long?)null) == (leave.Forecast, leave.AtMs),
            $"{what}: {leave}");
    }

    private static long At(int seconds) => StartMs + (seconds * 1_000L);
}
