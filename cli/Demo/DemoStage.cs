namespace Alloc.Cli.Demo;

/// <summary>A stage that orders of the demo pass: how many it works off, and when it is slow.</summary>
/// <param name="Id">The stage, as the operations catalogue names it.</param>
/// <param name="PerSecond">Orders that it works off in a second.</param>
internal sealed record DemoStage(string Id, double PerSecond)
{
    /// <summary>What is left of its speed while it is slow, from 0 to 1; 1: it never is.</summary>
    public double SlowShare { get; init; } = 1;

    /// <summary>When it gets slow, in milliseconds from the start and again in each period.</summary>
    public long SlowFromMs { get; init; }

    /// <summary>When it is itself again.</summary>
    public long SlowToMs { get; init; }

    /// <summary>After how long it gets slow again, in milliseconds.</summary>
    public long PeriodMs { get; init; } = 240_000;

    /// <summary>Its speed at a time since the start.</summary>
    public double RateAt(long sinceStartMs) =>
        sinceStartMs % PeriodMs is var at && at >= SlowFromMs && at < SlowToMs ? PerSecond * SlowShare : PerSecond;
}
