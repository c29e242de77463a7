using Microsoft.Extensions.Logging;

namespace Alloc.Engine;

/// <summary>Every message that the engine logs. What happens per record is a metric, not a log.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Kafka client {Client}: {Reason}")]
    public static partial void ClientError(ILogger logger, string client, string reason);

    [LoggerMessage(2, LogLevel.Debug, "Kafka client {Client} {Facility}: {Message}")]
    public static partial void ClientMessage(ILogger logger, string client, string facility, string message);

    [LoggerMessage(10, LogLevel.Information, "State {Before} → {After}")]
    public static partial void StateChanged(ILogger logger, Runtime.StreamsState before, Runtime.StreamsState after);

    [LoggerMessage(11, LogLevel.Error, "Thread {Thread} stops: {Reason}")]
    public static partial void ThreadFailed(ILogger logger, string thread, string reason, Exception error);

    [LoggerMessage(12, LogLevel.Information, "Thread {Thread} was assigned {Partitions}")]
    public static partial void Assigned(ILogger logger, string thread, string partitions);

    [LoggerMessage(13, LogLevel.Information, "Thread {Thread} gave up {Partitions}")]
    public static partial void Revoked(ILogger logger, string thread, string partitions);

    [LoggerMessage(14, LogLevel.Warning, "Thread {Thread} lost {Partitions}: uncommitted work is dropped")]
    public static partial void Lost(ILogger logger, string thread, string partitions);

    [LoggerMessage(15, LogLevel.Warning,
        "Thread {Thread} drops uncommitted work and starts again from the committed offsets: {Reason}")]
    public static partial void Recovering(ILogger logger, string thread, string reason);

    [LoggerMessage(16, LogLevel.Warning, "Thread {Thread} joins the group again: {Reason}")]
    public static partial void Rejoining(ILogger logger, string thread, string reason);

    [LoggerMessage(17, LogLevel.Warning,
        "Thread {Thread} failed {Failures} times in a row without progress, of {Limit} at most; it waits {Seconds:F1} "
        + "s before it tries again")]
    public static partial void BacksOff(ILogger logger, string thread, int failures, int limit, double seconds);

    [LoggerMessage(18, LogLevel.Error,
        "Thread {Thread} did not end within {Seconds:F0} s and is left alone; it was {State}")]
    public static partial void ThreadHangs(
        ILogger logger, string thread, double seconds, Runtime.StreamsState state);

    [LoggerMessage(19, LogLevel.Error, "State was not closed within {Seconds:F0} s and is left as it is")]
    public static partial void ClosingHangs(ILogger logger, double seconds);

    [LoggerMessage(20, LogLevel.Information, "Task {Task} restores {Records} records of {Topic} from offset {From}")]
    public static partial void RestoreStarted(
        ILogger logger, Processing.TaskId task, long records, string topic, long from);

    [LoggerMessage(21, LogLevel.Information,
        "Task {Task} is ready at input offsets {Offsets} after restoring {Records} records in {Milliseconds} ms")]
    public static partial void TaskReady(
        ILogger logger, Processing.TaskId task, string offsets, long records, long milliseconds);

    [LoggerMessage(22, LogLevel.Warning,
        "Task {Task}: {Count} records of {Topic} below offset {Mark} were decided before and are skipped")]
    public static partial void SkippingDecided(
        ILogger logger, Processing.TaskId task, long count, string topic, long mark);

    [LoggerMessage(23, LogLevel.Warning, "Task {Task}: local state is wiped and restored from the log: {Reason}")]
    public static partial void StateWiped(ILogger logger, Processing.TaskId task, string reason);

    [LoggerMessage(27, LogLevel.Warning,
        "The local state of task {Tasks} is damaged, of no other; it is wiped and restored: {Reason}")]
    public static partial void StateDamaged(ILogger logger, string tasks, string reason);

    [LoggerMessage(28, LogLevel.Warning, "Task {Task} was closed, but not all of its state was written: {Reason}")]
    public static partial void TaskNotClosed(ILogger logger, Processing.TaskId task, string reason);

    [LoggerMessage(29, LogLevel.Warning, "Task {Task}, which is not this thread's any more, was not opened: {Reason}")]
    public static partial void TaskNotOpened(ILogger logger, Processing.TaskId task, string reason);

    [LoggerMessage(24, LogLevel.Information, "Task {Task} starts from checkpoint {Checkpoint}")]
    public static partial void CheckpointInstalled(ILogger logger, Processing.TaskId task, string checkpoint);

    [LoggerMessage(25, LogLevel.Information, "Task {Task} wrote checkpoint {Checkpoint} in {Milliseconds} ms")]
    public static partial void CheckpointWritten(
        ILogger logger, Processing.TaskId task, string checkpoint, long milliseconds);

    [LoggerMessage(26, LogLevel.Warning, "Task {Task} could not write a checkpoint: {Reason}")]
    public static partial void CheckpointFailed(ILogger logger, Processing.TaskId task, string reason);

    [LoggerMessage(
        30, LogLevel.Warning, "Task {Task}: record {Topic}-{Partition}@{Offset} goes to the dead letters: {Reason}")]
    public static partial void DeadLetter(
        ILogger logger, Processing.TaskId task, string topic, int partition, long offset, string reason);

    [LoggerMessage(31, LogLevel.Warning, "Task {Task} waits, for {Seconds:F0} s so far, and skips nothing: {Reason}")]
    public static partial void Waiting(ILogger logger, Processing.TaskId task, double seconds, string reason);

    [LoggerMessage(32, LogLevel.Warning, "Task {Task} goes on after waiting {Seconds:F1} s")]
    public static partial void WaitingEnded(ILogger logger, Processing.TaskId task, double seconds);

    [LoggerMessage(
        34, LogLevel.Warning, "An operator accepts the time of {Topic}-{Partition} through offset {Offset}: {Reason}")]
    public static partial void TimeAccepted(
        ILogger logger, string topic, int partition, long offset, string reason);

    [LoggerMessage(33, LogLevel.Warning, "Task {Task}: a tick was not appended: {Reason}")]
    public static partial void TickFailed(ILogger logger, Processing.TaskId task, string reason);

    [LoggerMessage(35, LogLevel.Error, "Task {Task} stopped: {Reason}")]
    public static partial void TaskStopped(
        ILogger logger, Processing.TaskId task, string reason, Exception error);

    [LoggerMessage(36, LogLevel.Warning, "Task {Task}: node {Node} failed to close: {Reason}")]
    public static partial void NodeNotClosed(
        ILogger logger, Processing.TaskId task, string node, string reason, Exception error);

    [LoggerMessage(37, LogLevel.Information,
        "Task {Task} went to another instance while its checkpoint was written; nothing was published")]
    public static partial void CheckpointDropped(ILogger logger, Processing.TaskId task);

    [LoggerMessage(38, LogLevel.Warning, "Waits for the broker to answer {What}, for {Seconds:F0} s so far: {Reason}")]
    public static partial void BrokerAway(ILogger logger, string what, double seconds, string reason);

    [LoggerMessage(39, LogLevel.Warning,
        "What was read of {Topics} is not deleted now, and is tried again: {Reason}")]
    public static partial void NotPurged(ILogger logger, string topics, string reason);

    [LoggerMessage(40, LogLevel.Information, "Topic {Topic} created with {Partitions} partitions")]
    public static partial void TopicCreated(ILogger logger, string topic, int partitions);
}
