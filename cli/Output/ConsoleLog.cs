using Alloc.Cli.CommandLine;
using Microsoft.Extensions.Logging;

namespace Alloc.Cli.Output;

/// <summary>
/// Log lines on standard error: one line each, time first, with the status line of a terminal taken away before and
/// drawn again after, so that the two never mix.
/// </summary>
internal sealed class ConsoleLog : ILoggerProvider
{
    private readonly CliHost host;
    private readonly LogLevel minimum;
    private readonly StatusLine? status;

    public ConsoleLog(CliHost host, LogLevel minimum, StatusLine? status)
    {
        this.host = host;
        this.minimum = minimum;
        this.status = status;
    }

    public ILogger CreateLogger(string categoryName) => new CategoryLogger(
        this,
        categoryName[(categoryName.LastIndexOf('.') + 1)..],
        categoryName.StartsWith("Microsoft.", StringComparison.Ordinal) && minimum == LogLevel.Information
            ? LogLevel.Warning
            : minimum);

    public void Dispose()
    {
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var word = level switch
        {
            LogLevel.Critical => "FATAL",
            LogLevel.Error => "ERROR",
            LogLevel.Warning => "WARN ",
            LogLevel.Information => "INFO ",
            _ => "DEBUG",
        };
        var line = $"{host.Time.GetUtcNow():HH:mm:ss.fff} {word} {category}: {message}";
        if (exception is not null)
        {
            line += minimum <= LogLevel.Debug ? Environment.NewLine + exception : $" ({exception.Message})";
        }
        if (status is not null)
        {
            status.Above(line);
            return;
        }
        lock (host)
        {
            host.Error.WriteLine(line);
        }
    }

    private sealed class CategoryLogger(ConsoleLog log, string category, LogLevel minimum) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Write(logLevel, category, formatter(state, exception), exception);
            }
        }
    }
}
