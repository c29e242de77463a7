using Alloc.Engine.Processing;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Joins;

/// <summary>
/// Turns away records that are older than their own source is known to, less the grace: whoever waited for them has
/// been told that they do not come.
/// </summary>
internal sealed class LateGate<TKey, TValue>(
    string next, LateBranch late, IReadOnlyList<string> sources, long graceMs) : IProcessor<TKey, TValue, TKey, TValue>
    where TValue : class
{
    private SourceWatermarks watermarks = null!;
    private IProcessorContext<TKey, TValue> context = null!;

    public void Init(IProcessorContext<TKey, TValue> context)
    {
        this.context = context;
        watermarks = new SourceWatermarks(context, sources);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        // Without a key or a value it is nobody's partner, however old.
        if (record.Key is not null && record.Value is not null && watermarks.IsLate(record.TimestampMs, graceMs))
        {
            context.ReportLate(watermarks.SourceOfRecord);
            if (late.Child is { } child)
            {
                context.Forward(in record, child);
            }
            return;
        }
        context.Forward(in record, next);
    }
}

/// <summary>The node that takes late records, where somebody asked for them.</summary>
internal sealed class LateBranch
{
    public string? Child { get; set; }
}

/// <summary>Up to when the source of the record at hand is known.</summary>
internal sealed class SourceWatermarks
{
    private readonly IProcessorContext context;
    private readonly IReadOnlyList<string> sources;
    private readonly IWatermarkTimer[] timers;

    public SourceWatermarks(IProcessorContext context, IReadOnlyList<string> sources)
    {
        this.context = context;
        this.sources = sources;
        timers = [.. sources.Select(source => context.CreateWatermarkTimer([source], _ => { }))];
    }

    /// <summary>The source of the record at hand; the first one for a record that a timer made.</summary>
    public string SourceOfRecord => sources[IndexOfRecord()];

    /// <summary>Whether a record is older than its source's watermark less the grace.</summary>
    public bool IsLate(long timestampMs, long graceMs)
    {
        var knownMs = WatermarkMs;
        return knownMs > long.MinValue + graceMs && timestampMs < knownMs - graceMs;
    }

    /// <summary>The watermark of the record's source; <see cref="long.MinValue"/> while nothing is known.</summary>
    public long WatermarkMs => timers[IndexOfRecord()].WatermarkMs;

    private int IndexOfRecord()
    {
        if (sources.Count == 1 || context.Metadata is not { } metadata)
        {
            return 0;
        }
        for (var index = 0; index < sources.Count; index++)
        {
            if (sources[index] == metadata.Topic)
            {
                return index;
            }
        }
        return 0;
    }
}
