using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// How long until nothing waits any more: B / (μ − λ), between what both rates make of it when they are two deviations
/// off. Where the rates balance and what waits leaves within the SLA, there is no backlog that drains: then it is the
/// time that those need who wait now, B / μ.
/// </summary>
internal static class DrainEstimate
{
    // Of a normal spread, four of five lie within 1.28. The rest is for errors of rates that last for many minutes: one
    // run should hold what is promised, and not only the mean of many.
    private const double Deviations = 2;
    private const double LeastShare = 0.05;
    private const double BalancedShare = 0.02;
    private const double ShortestSeconds = 15;

    /// <summary>The estimate; null while the rates are not known.</summary>
    /// <param name="waiting">Items that wait.</param>
    /// <param name="arriving">Arrivals.</param>
    /// <param name="leaving">Departures.</param>
    /// <param name="slaMs">The stage's SLA.</param>
    public static DrainTime? Of(long waiting, RateMemory arriving, RateMemory leaving, long slaMs)
    {
        if (Math.Min(arriving.SteadySeconds, leaving.SteadySeconds) < ShortestSeconds)
        {
            return null;
        }
        if (waiting == 0)
        {
            return new DrainTime { EstimateMs = 0, LowMs = 0, HighMs = 0 };
        }
        var noise = Rates.Noise(arriving) + Rates.Noise(leaving);
        var net = leaving.Steady - arriving.Steady;
        var error = Rates.Noise(arriving) / arriving.SteadySeconds + Rates.Noise(leaving) / leaving.SteadySeconds;
        var balance = Math.Max(Deviations * Math.Sqrt(error), BalancedShare * leaving.Steady);
        if (leaving.Steady > 0 && Math.Abs(net) <= balance && waiting / leaving.Steady * 1000 <= slaMs)
        {
            return Interval(
                waiting, leaving.Steady,
                Rates.Noise(leaving) / leaving.SteadySeconds + Rates.Noise(leaving) * leaving.Steady / waiting);
        }
        return net > 0
            ? Interval(waiting, net, error + noise * net / waiting)
            : new DrainTime { LowMs = Time(waiting, net + Deviations * Math.Sqrt(error)) };
    }

    private static DrainTime Interval(long waiting, double rate, double variance)
    {
        var spread = Deviations * Math.Sqrt(variance);
        var estimate = waiting / rate;
        return new DrainTime
        {
            EstimateMs = Milliseconds(estimate),
            LowMs = Milliseconds(Math.Min(waiting / (rate + spread), estimate * (1 - LeastShare))),
            HighMs = Time(waiting, Math.Min(rate - spread, rate / (1 + LeastShare))),
        };
    }

    // Absent: never.
    private static long? Time(long waiting, double rate) =>
        rate > 0 && waiting / rate < TimeSpan.MaxValue.TotalSeconds ? Milliseconds(waiting / rate) : null;

    private static long Milliseconds(double seconds) =>
        (long)Math.Min(seconds * 1000, TimeSpan.FromDays(3650).TotalMilliseconds);
}
