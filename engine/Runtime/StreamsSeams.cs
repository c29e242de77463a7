using Alloc.Engine.LogClient;
using Alloc.Engine.State;

namespace Alloc.Engine.Runtime;

/// <summary>What an application stands on: the log, local state, files.</summary>
/// <param name="Log">The log client.</param>
/// <param name="State">Opens task states; disposed with the application.</param>
/// <param name="Files">Files that the engine itself keeps.</param>
public sealed record StreamsSeams(ILogClient Log, ITaskStateProvider State, IFileSystem Files);
