using Alloc.Engine.Runtime;
using Confluent.Kafka;

namespace Alloc.Engine.LogClient;

/// <summary>
/// Calls to the broker that an instance makes at its start: tried again, up to a bound, while the broker does not
/// answer or asks for patience, as one does that has just started itself ("Coordinator load in progress").
/// </summary>
/// <param name="clock">The clock.</param>
/// <param name="bound">How long one call is tried again; zero for once.</param>
/// <param name="say">Told at once and then every ten seconds: what is asked, for how long, and why not.</param>
public sealed class BrokerWait(TimeProvider clock, TimeSpan bound, Action<string, TimeSpan, string> say)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(10);

    /// <summary>Asks until there is an answer.</summary>
    /// <param name="what">What is asked for, in words.</param>
    /// <param name="call">Asks once; may block.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="KafkaException">What it was the last time, or what no patience helps.</exception>
    public Task<T> UntilAnsweredAsync<T>(string what, Func<T> call, CancellationToken cancellation) =>
        UntilAnsweredAsync(what, () => BlockingWork.Run(call, cancellation), cancellation);

    /// <summary>Asks until there is an answer.</summary>
    /// <param name="what">What is asked for, in words.</param>
    /// <param name="call">Asks once.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="KafkaException">What it was the last time, or what no patience helps.</exception>
    public async Task<T> UntilAnsweredAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(call);
        var started = clock.GetTimestamp();
        var pause = FirstPause;
        var nextReminder = TimeSpan.Zero;
        while (true)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (Exception error) when (IsWorthAnother(error) && clock.GetElapsedTime(started) < bound)
            {
                var waited = clock.GetElapsedTime(started);
                if (waited >= nextReminder)
                {
                    nextReminder = waited + Reminder;
                    say(what, waited, error.Message);
                }
            }
            await Task.Delay(pause, clock, cancellation).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Whether the same call may be answered a little later.</summary>
    public static bool IsWorthAnother(Exception error) => error switch
    {
        KafkaException kafka => IsTransient(kafka.Error.Code),
        { InnerException: KafkaException kafka } => IsTransient(kafka.Error.Code),
        LogException log => log.Failure == LogFailure.RetryCall,
        _ => false,
    };

    private static bool IsTransient(ErrorCode code) => code is ErrorCode.GroupLoadInProgress
        or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.NotCoordinatorForGroup
        or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.NotController
        or ErrorCode.BrokerNotAvailable or ErrorCode.ReplicaNotAvailable or ErrorCode.RequestTimedOut
        or ErrorCode.NetworkException or ErrorCode.KafkaStorageError or ErrorCode.RebalanceInProgress
        or ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue or ErrorCode.Local_Transport
        or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_WaitCoord or ErrorCode.Local_Retry
        or ErrorCode.Local_InProgress;
}
