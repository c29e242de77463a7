namespace Alloc.Engine.Processing;

/// <summary>
/// A failure of the engine or of what it stands on that it cannot mend by itself: the application stops with it.
/// </summary>
public class StreamsException : Exception
{
    public StreamsException(string message)
        : base(message)
    {
    }

    public StreamsException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The topology is not valid; the text names the node and what to do.</summary>
public sealed class TopologyException(string message) : StreamsException(message);

/// <summary>
/// Another member owns the partitions now: everything uncommitted is dropped and the thread joins the group again.
/// </summary>
public sealed class TaskMigratedException(
    string message, Exception? innerException = null) : StreamsException(message, innerException);

/// <summary>A task's local state cannot be read: it is wiped and restored from the log.</summary>
public sealed class TaskCorruptedException(
    string message, Exception? innerException = null) : StreamsException(message, innerException);

/// <summary>
/// The record itself is at fault: it goes to the dead-letter topic, within the transaction, and the partition goes on.
/// </summary>
public sealed class BadRecordException(
    string reason, Exception? innerException = null) : Exception(reason, innerException);

/// <summary>
/// Something outside that a record needs does not answer. The record is not at fault: its partition is paused, the wait
/// is said, and the record is tried again; nothing is skipped.
/// </summary>
public sealed class DependencyUnavailableException(string dependency, Exception? innerException = null)
    : Exception($"{dependency} is not available", innerException)
{
    /// <summary>What is awaited, in words for an operator.</summary>
    public string Dependency { get; } = dependency;
}
