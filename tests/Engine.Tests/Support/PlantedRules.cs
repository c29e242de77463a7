using Alloc.Engine.LogClient;
using Alloc.Engine.Watermarks;

namespace Engine.Tests.Support;

/// <summary>Faults that engines have, planted into the rules of watermarks.</summary>
public enum PlantedFault
{
    None,
    ClosesByTheFastestPartition,
    ClosesOnSilenceWhileLagging,
    TrustsACachedEnd,
    WaitsForEverySource,
    ForgetsItsWatermarkOnRestart,

    /// <summary>Planted into the log client: <see cref="StableOffsetsLog"/>.</summary>
    WaitsForStableOffsets,
}

/// <summary>The rules of watermarks with one of them broken.</summary>
internal sealed class PlantedRules(PlantedFault fault) : WatermarkRules
{
    public override long Claimed(ReadOnlySpan<long> watermarks, ReadOnlySpan<int> claimed)
    {
        var all = watermarks.ToArray();
        return fault switch
        {
            PlantedFault.ClosesByTheFastestPartition => claimed.ToArray().Max(c => all[c]),
            PlantedFault.WaitsForEverySource => all.Min(),
            _ => base.Claimed(watermarks, claimed),
        };
    }

    public override bool IsProcessed(long position, long endOffset) =>
        fault == PlantedFault.ClosesOnSilenceWhileLagging || base.IsProcessed(position, endOffset);

    public override long Proven(in KnownEnd end, long nowMs) =>
        fault == PlantedFault.TrustsACachedEnd ? nowMs : base.Proven(end, nowMs);

    public override bool HasArrived(
        IEnumerable<KeyValuePair<TopicPartition, long>> ends, Func<TopicPartition, long?> committed) =>
        fault == PlantedFault.ClosesByTheFastestPartition
            ? ends.Any(e => committed(e.Key) >= e.Value)
            : base.HasArrived(ends, committed);

    public override long Restored(long committedMs) =>
        fault == PlantedFault.ForgetsItsWatermarkOnRestart ? long.MinValue : base.Restored(committedMs);
}
