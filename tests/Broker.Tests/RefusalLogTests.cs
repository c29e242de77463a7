using Alloc.Broker.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests;

/// <summary>What a full disk leaves in the log, which lies on a disk too.</summary>
public sealed class RefusalLogTests
{
    [Fact]
    public void Refusals_are_said_at_once_and_then_once_a_second_with_their_number()
    {
        var time = new FakeTimeProvider();
        var lines = new Lines();
        var refusals = new RefusalLog(lines, time);

        for (var i = 0; i < 1_000; i++)
        {
            refusals.Report(new StorageException("full"));
        }
        time.Advance(TimeSpan.FromSeconds(1));
        refusals.Report(new StorageException("full"));

        Assert.Equal(2, lines.Said.Count);
        Assert.Contains("(0 more", lines.Said[0], StringComparison.Ordinal);
        Assert.Contains("(999 more", lines.Said[1], StringComparison.Ordinal);
    }

    private sealed class Lines : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception));
    }
}
