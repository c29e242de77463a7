namespace Alloc.Engine.State;

/// <summary>State could not be read or written on disk. What is committed in the log is not lost by it.</summary>
public class StateStoreException(
    string message, Exception? innerException = null) : IOException(message, innerException);

/// <summary>The disk that holds state is full. Nothing is lost: free some space and start again.</summary>
public sealed class StateDiskFullException(string message, Exception? innerException = null)
    : StateStoreException(message, innerException);

/// <summary>State on disk was written by another topology, or by a later version of this program.</summary>
public sealed class StateTopologyMismatchException(string message) : StateStoreException(message);

/// <summary>Another process uses the state directory.</summary>
public sealed class StateDirectoryLockedException(string message) : StateStoreException(message);
