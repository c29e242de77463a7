using Alloc.Processors.Backlog.Waiting;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog;

/// <summary>What is predicted of work that waits in a stage.</summary>
public enum LeaveForecast
{
    /// <summary>Nothing yet: no prediction was read, or the rates are not known.</summary>
    Unknown,

    /// <summary>It stays, at today's rates.</summary>
    Stays,

    /// <summary>It leaves at a time.</summary>
    Leaves,
}

/// <summary>
/// When work leaves its stage, as the merger predicts it for all: the same line that holds at risk are told by.
/// </summary>
/// <param name="Forecast">What is predicted.</param>
/// <param name="AtMs">When it leaves, milliseconds since 1970 UTC; null where it does not, or nothing is known.</param>
public readonly record struct PredictedLeave(LeaveForecast Forecast, long? AtMs)
{
    /// <summary>The prediction for work that entered at a time.</summary>
    /// <param name="prediction">The newest of its stage; null: none was read.</param>
    /// <param name="enteredAtMs">When the work entered, milliseconds since 1970 UTC.</param>
    public static PredictedLeave Of(StagePrediction? prediction, long enteredAtMs) =>
        new LeaveLine(prediction).LeaveAtMs(enteredAtMs) switch
        {
            long.MinValue => new PredictedLeave(LeaveForecast.Unknown, null),
            LeaveLine.Never => new PredictedLeave(LeaveForecast.Stays, null),
            var atMs => new PredictedLeave(LeaveForecast.Leaves, atMs),
        };
}
