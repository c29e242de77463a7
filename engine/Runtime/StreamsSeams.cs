using Alloc.Engine.LogClient;
using Alloc.Engine.State;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Runtime;

/// <summary>What an application stands on: the log, local state, files.</summary>
/// <param name="Log">The log client.</param>
/// <param name="State">Opens task states; disposed with the application.</param>
/// <param name="Files">Files that the engine itself keeps.</param>
public sealed record StreamsSeams(ILogClient Log, ITaskStateProvider State, IFileSystem Files)
{
    /// <summary>What watermarks go by; others than the sound ones only in tests.</summary>
    internal WatermarkRules WatermarkRules { get; init; } = WatermarkRules.Sound;

    /// <summary>How long the probe of watermarks waits between two looks, by the machine's clock.</summary>
    internal TimeSpan WatermarkInterval { get; init; } = TimeSpan.FromSeconds(1);
}
