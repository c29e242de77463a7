using Microsoft.Extensions.Logging;

namespace Alloc.Broker.Storage;

/// <summary>
/// Says that the disk refuses writes: at once, then at most once a second with how often it happened since. Clients
/// send a refused batch again and again, and a log that grows with each is the last thing that a full disk needs.
/// </summary>
internal sealed class RefusalLog(ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private long lastSaid;
    private bool hasSaid;
    private long unsaid;

    /// <summary>A write was refused.</summary>
    public void Report(Exception exception)
    {
        long more;
        lock (gate)
        {
            if (hasSaid && time.GetElapsedTime(lastSaid) < Interval)
            {
                unsaid++;
                return;
            }
            hasSaid = true;
            lastSaid = time.GetTimestamp();
            more = unsaid;
            unsaid = 0;
        }
        Log.StorageRefused(logger, exception.Message, more);
    }
}
