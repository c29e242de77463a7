using Microsoft.Extensions.Time.Testing;

namespace Alloc.Engine.Testing;

/// <summary>The clock of tests in the engine's unit.</summary>
public static class FakeClock
{
    /// <summary>A clock that stands still until it is moved.</summary>
    /// <param name="ms">Where it stands, milliseconds since the Unix epoch.</param>
    public static FakeTimeProvider At(long ms) => new(DateTimeOffset.FromUnixTimeMilliseconds(ms));

    /// <summary>Milliseconds since the Unix epoch.</summary>
    public static long NowMs(this FakeTimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return clock.GetUtcNow().ToUnixTimeMilliseconds();
    }
}
