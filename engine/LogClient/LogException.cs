using Alloc.Engine.Processing;

namespace Alloc.Engine.LogClient;

/// <summary>What the engine does about a failure of the log client.</summary>
public enum LogFailure
{
    /// <summary>Call the same again: nothing else is known to be wrong.</summary>
    RetryCall,

    /// <summary>The transaction cannot commit: drop the work, start again from the committed offsets.</summary>
    Abort,

    /// <summary>The member is no longer in the group's generation: drop the work and join again.</summary>
    Rejoin,

    /// <summary>
    /// The producer is of no more use (fenced, fatal, or the commit's outcome is not known): make new ones.
    /// </summary>
    NewProducer,

    /// <summary>The local queue is full: wait and send again.</summary>
    QueueFull,

    /// <summary>The broker refuses and will go on refusing: stop and say so.</summary>
    GiveUp,
}

/// <summary>A failure of the log client, classified once, where it was caught.</summary>
public sealed class LogException(string message, LogFailure failure, string code, Exception? innerException = null)
    : StreamsException(message, innerException)
{
    /// <summary>What to do about it.</summary>
    public LogFailure Failure { get; } = failure;

    /// <summary>The client's name of the error, for messages and metrics.</summary>
    public string Code { get; } = code;
}
