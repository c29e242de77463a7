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

/// <summary>
/// Tasks whose local state cannot be read: theirs, and nobody else's, is wiped and restored from the log. After Kafka
/// Streams' exception of this name, which carries the ids too.
/// </summary>
public sealed class TaskCorruptedException : StreamsException
{
    /// <summary>
    /// Damage seen by who does not know the task, as a serde of stored values; who runs it adds its id.
    /// </summary>
    public TaskCorruptedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Damage to the state of certain tasks.</summary>
    public TaskCorruptedException(
        string message, IReadOnlyCollection<TaskId> tasks, Exception? innerException = null)
        : base(message, innerException) => Tasks = tasks;

    /// <summary>The tasks whose state is damaged; empty where it is not known yet.</summary>
    public IReadOnlyCollection<TaskId> Tasks { get; } = [];

    /// <summary>The same, of a task where none is named yet.</summary>
    internal TaskCorruptedException Of(TaskId task) =>
        Tasks.Count > 0 ? this : new TaskCorruptedException(Message, [task], this);
}

/// <summary>
/// The program failed in a task: not the record is at fault, nor what the engine stands on. The task stops where it is
/// and skips nothing, until the instance is started again, with a program that is mended.
/// </summary>
public sealed class TaskFailedException(TaskId task, string message, Exception innerException)
    : StreamsException(message, innerException)
{
    /// <summary>The task that stops.</summary>
    public TaskId Task { get; } = task;

    /// <summary>
    /// Whether its state can be opened again and read; false where that is what failed. Default true.
    /// </summary>
    public bool IsStateUsable { get; init; } = true;
}

/// <summary>
/// The record itself is at fault: it goes to the dead-letter topic, within the transaction, and the partition goes on.
/// Only who throws this says so; whatever else is thrown is taken for a fault of the program, and stops the task.
/// </summary>
public sealed class BadRecordException(
    string reason, Exception? innerException = null) : Exception(reason, innerException)
{
    /// <summary>What is wrong with it, for counting. Default <see cref="BadRecordKind.Invalid"/>.</summary>
    public BadRecordKind Kind { get; init; }
}

/// <summary>What is wrong with a record that becomes a dead letter: few, so that they can be counted apart.</summary>
public enum BadRecordKind
{
    /// <summary>What it says cannot be.</summary>
    Invalid,

    /// <summary>Its bytes are no such key or value.</summary>
    Unreadable,

    /// <summary>Its key or its value is missing.</summary>
    Incomplete,

    /// <summary>It names something that there is not.</summary>
    Unknown,

    /// <summary>It leads to a record that is larger than the log takes.</summary>
    TooLarge,
}

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
