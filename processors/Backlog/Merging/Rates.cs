using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// A rate in items a second, as exponentially weighted averages over several times, each divided by the weight that it
/// has gathered (so that the first minute is no ramp), and as the mean since the rate changed last: when what came in
/// the last quarter of a minute differs from that mean by more than chance makes it, the mean begins anew.
/// </summary>
internal static class Rates
{
    private const double QuickSeconds = 15;
    private const double FastSeconds = 60;
    private const double SlowSeconds = 600;
    private const double HourlySeconds = 3600;
    private const double LongestMeanSeconds = 1200;
    private const double BlockSeconds = 5;
    private const double NoiseSeconds = 300;

    // A mean that is younger says too little.
    private const double ShortestMeanSeconds = 15;
    private const double LeastNoiseWeight = 0.05;
    private const double ChangeInDeviations = 5;

    /// <summary>Takes in what came within some seconds.</summary>
    public static RateMemory Next(RateMemory memory, double items, double seconds)
    {
        if (seconds <= 0)
        {
            return memory with { BlockItems = memory.BlockItems + items };
        }
        var rate = items / seconds;
        var (quick, quickWeight) = Average(memory.Quick, memory.QuickWeight, rate, seconds / QuickSeconds);
        var (fast, fastWeight) = Average(memory.Fast, memory.FastWeight, rate, seconds / FastSeconds);
        var (slow, slowWeight) = Average(memory.Slow, memory.SlowWeight, rate, seconds / SlowSeconds);
        var (hourly, hourlyWeight) = Average(memory.Hourly, memory.HourlyWeight, rate, seconds / HourlySeconds);
        var steadySeconds = Math.Min(LongestMeanSeconds, memory.SteadySeconds + seconds);
        var next = memory with
        {
            Quick = quick,
            QuickWeight = quickWeight,
            Fast = fast,
            FastWeight = fastWeight,
            Slow = slow,
            SlowWeight = slowWeight,
            Hourly = hourly,
            HourlyWeight = hourlyWeight,
            Steady = memory.Steady + (rate - memory.Steady) * Math.Min(1, seconds / steadySeconds),
            SteadySeconds = steadySeconds,
            BlockItems = memory.BlockItems + items,
            BlockSeconds = memory.BlockSeconds + seconds,
            Peak = Math.Max(
                memory.Peak * Math.Exp(-seconds / HourlySeconds), fastWeight > 0.5 ? fast / fastWeight : 0),
        };
        return next.BlockSeconds < BlockSeconds ? next : EndBlock(next);
    }

    /// <summary>The average over one minute.</summary>
    public static double Fast(RateMemory memory) => Unbiased(memory.Fast, memory.FastWeight);

    /// <summary>The average over ten minutes.</summary>
    public static double Slow(RateMemory memory) => Unbiased(memory.Slow, memory.SlowWeight);

    /// <summary>The average over an hour.</summary>
    public static double Hourly(RateMemory memory) => Unbiased(memory.Hourly, memory.HourlyWeight);

    /// <summary>What it is now, as well as is known.</summary>
    public static double Now(RateMemory memory) => memory.SteadySeconds >= ShortestMeanSeconds
        ? memory.Steady
        : Unbiased(memory.Quick, memory.QuickWeight);

    /// <summary>Variance of the items of a second; until it is known, that of items that come by chance.</summary>
    public static double Noise(RateMemory memory) => memory.NoiseWeight < LeastNoiseWeight
        ? memory.Steady
        : Unbiased(memory.Noise, memory.NoiseWeight);

    /// <summary>Items of the last hour, each counting less by its age.</summary>
    public static double ItemsOfHour(RateMemory memory) => memory.Hourly * HourlySeconds;

    private static RateMemory EndBlock(RateMemory memory)
    {
        var rate = memory.BlockItems / memory.BlockSeconds;
        var quick = Unbiased(memory.Quick, memory.QuickWeight);
        var variance = Math.Max(Noise(memory), memory.Steady / 2) * (1 / (2 * QuickSeconds) + 1 / memory.SteadySeconds);
        if (memory.SteadySeconds > ShortestMeanSeconds
            && Math.Abs(quick - memory.Steady) > ChangeInDeviations * Math.Sqrt(variance))
        {
            // What this block had is all that is known of the new rate.
            return memory with
            {
                Steady = rate,
                SteadySeconds = memory.BlockSeconds,
                Noise = 0,
                NoiseWeight = 0,
                BlockItems = 0,
                BlockSeconds = 0,
            };
        }
        var off = rate - memory.Steady;
        var (noise, noiseWeight) = Average(
            memory.Noise, memory.NoiseWeight, off * off * memory.BlockSeconds, memory.BlockSeconds / NoiseSeconds);
        return memory with { Noise = noise, NoiseWeight = noiseWeight, BlockItems = 0, BlockSeconds = 0 };
    }

    private static (double Value, double Weight) Average(double value, double weight, double sample, double share)
    {
        var alpha = 1 - Math.Exp(-share);
        return (value + alpha * (sample - value), weight + alpha * (1 - weight));
    }

    private static double Unbiased(double value, double weight) => weight > 0 ? value / weight : 0;
}
