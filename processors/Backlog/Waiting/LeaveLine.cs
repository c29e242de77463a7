using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>When items of a stage leave, by when they entered: the merger's line of points.</summary>
internal sealed class LeaveLine(StagePrediction? prediction)
{
    /// <summary>Later than anything: it never leaves, at today's rates.</summary>
    public const long Never = long.MaxValue;

    private readonly IReadOnlyList<LeavePoint> points = prediction?.Leaves ?? [];

    /// <summary>As of when; long.MinValue without a prediction.</summary>
    public long AtMs { get; } = prediction?.AtMs ?? long.MinValue;

    /// <summary>
    /// When the last of all that wait is predicted to leave; nothing that expires later is at risk.
    /// <see cref="Never"/>; long.MinValue while nothing is known.
    /// </summary>
    public long LastLeaveAtMs => points.Count == 0 ? long.MinValue : points[^1].LeaveAtMs ?? Never;

    /// <summary>
    /// When what entered at a time is predicted to leave; <see cref="Never"/>; long.MinValue while nothing is known.
    /// </summary>
    public long LeaveAtMs(long enteredAtMs)
    {
        if (points.Count == 0)
        {
            return long.MinValue;
        }
        var (low, high) = (0, points.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (points[middle].EnteredAtMs < enteredAtMs)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        if (low == points.Count)
        {
            return points[^1].LeaveAtMs ?? Never;
        }
        if (low == 0 || points[low].LeaveAtMs is not { } to)
        {
            return points[low].LeaveAtMs ?? Never;
        }
        var before = points[low - 1];
        if (before.LeaveAtMs is not { } from)
        {
            return Never;
        }
        var share = (double)(enteredAtMs - before.EnteredAtMs) / (points[low].EnteredAtMs - before.EnteredAtMs);
        return from + (long)((to - from) * share);
    }
}
