using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog;

/// <summary>
/// Whether the figures of a stage have all that happened there. What left while the application was away is in the
/// log and not read yet: until it is, the figures tell of the outage and not of the stage, and no mode goes by them.
/// </summary>
public static class StageKnowledge
{
    /// <summary>
    /// A partition that is known only to longer ago is behind. A word may be 15 s old before its partition is missing,
    /// and knows of the partition what was there 5 s before (the allowed skew of clocks) and a second or two of asking;
    /// beyond that, with room for a busy broker, something is not read.
    /// </summary>
    public static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Partitions that were heard of and are behind; one without items too, for what it has not read may have entered.
    /// </summary>
    public static IReadOnlyList<int> Behind(StageStatus status) =>
    [
        .. status.Partitions.Where(p => !status.Missing.Contains(p.Partition)
            && (p.WatermarkMs is not { } watermarkMs
                || status.AtMs - watermarkMs > LongestLag.TotalMilliseconds)).Select(p => p.Partition),
    ];

    /// <summary>Whether no partition is missing, and none behind.</summary>
    public static bool IsWhole(StageStatus status) => status.Missing.Count == 0 && Behind(status).Count == 0;
}
