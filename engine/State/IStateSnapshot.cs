using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// Some stores of a task as they were committed at one moment, for another thread that reads through them while the
/// task goes on. Each is given by the interface that processors know it by; every write throws. One scan of a store at
/// a time, on one thread. What it holds on to is freed when it is disposed.
/// </summary>
public interface IStateSnapshot : IStores, IDisposable
{
    /// <summary>What the stores cover: all of them the same.</summary>
    StatePosition Position { get; }
}
