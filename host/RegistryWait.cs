using System.Diagnostics.Metrics;
using Alloc.Schemas.Registry;
using Alloc.Web;
using Microsoft.Extensions.Logging;

namespace Alloc.Host;

/// <summary>
/// Starting while the schema registry is away: waits for it as long as it takes, says so in the log, at <c>/readyz</c>
/// and in the metrics, and goes on when it answers. A supervisor that restarts the process instead would gain nothing.
/// </summary>
internal sealed class RegistryWait : IDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(10);
    private readonly Meter meter = new("Alloc.Hosting");
    private readonly TimeProvider time;
    private readonly Startup startup;
    private readonly ILogger logger;
    private long startedTimestamp;

    public RegistryWait(Startup startup, TimeProvider time, ILogger logger)
    {
        this.startup = startup;
        this.time = time;
        this.logger = logger;
        meter.CreateObservableGauge(
            "alloc_startup_wait", () => Waited.TotalSeconds, "s",
            "How long this instance has waited for the schema registry before it starts to work.");
    }

    private TimeSpan Waited => startedTimestamp == 0 ? TimeSpan.Zero : time.GetElapsedTime(startedTimestamp);

    /// <summary>Asks the registry until it answers.</summary>
    /// <param name="ask">Asks once; what it was refused is not tried again.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task UntilAnsweredAsync(Func<Task> ask, CancellationToken cancellation)
    {
        var delay = FirstRetry;
        var nextReminder = TimeSpan.Zero;
        while (true)
        {
            try
            {
                await ask().ConfigureAwait(false);
                break;
            }
            catch (RegistryUnavailableException away)
            {
                startedTimestamp = startedTimestamp == 0 ? time.GetTimestamp() : startedTimestamp;
                var why = $"{away.Message} {away.Remedy}".TrimEnd();
                startup.WaitFor($"Waits for the schema registry: {why}");
                if (Waited >= nextReminder)
                {
                    Log.RegistryAway(logger, Waited.TotalSeconds, why);
                    nextReminder = Waited + Reminder;
                }
            }
            await Task.Delay(delay, time, cancellation).ConfigureAwait(false);
            delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
        }
        if (startedTimestamp != 0)
        {
            Log.RegistryAnswers(logger, Waited.TotalSeconds);
            startedTimestamp = 0;
        }
    }

    public void Dispose() => meter.Dispose();
}
