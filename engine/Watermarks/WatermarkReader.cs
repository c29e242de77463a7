using Alloc.Engine.LogClient;
using Alloc.Engine.Observability;
using Alloc.Engine.Runtime;

namespace Alloc.Engine.Watermarks;

/// <summary>
/// Reads the watermarks of an instance's source partitions, from any thread; nothing is stopped for it.
/// </summary>
/// <param name="tasks">The tasks of this instance.</param>
/// <param name="probe">What finds out ends.</param>
/// <param name="time">The broker's clock.</param>
/// <param name="options">How the application runs.</param>
internal sealed class WatermarkReader(
    TaskRegistry tasks, WatermarkProbe probe, BrokerTime time, StreamsOptions options)
{
    /// <summary>
    /// What the way of an end to a task takes, and one look more: a watermark that far behind is not held by anything.
    /// </summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(5);

    /// <summary>The watermarks, by topic and partition.</summary>
    /// <param name="inputs">What is known of the instance's source partitions beside.</param>
    /// <param name="here">The source partitions that the group gave to this instance.</param>
    public IReadOnlyList<WatermarkStatus> Read(IReadOnlyList<InputStatus> inputs, IEnumerable<TopicPartition> here)
    {
        var nowMs = time.NowMs;
        var why = inputs.ToDictionary(i => new TopicPartition(i.Topic, i.Partition), i => i.Why);
        var statuses = tasks.Ready.Values.SelectMany(t => t.Watermarks.Sources.Select(
            s => Status(t, s, nowMs, why.GetValueOrDefault(s.Queue.Partition)))).ToList();
        var ready = statuses.Select(s => new TopicPartition(s.Topic, s.Partition)).ToHashSet();
        statuses.AddRange(here.Where(p => !ready.Contains(p)).Select(p => new WatermarkStatus(
            p.Topic, p.Partition, null, TimeSpan.Zero, null, why.GetValueOrDefault(p) ?? "its task is not ready")));
        return [.. statuses.OrderBy(s => s.Topic, StringComparer.Ordinal).ThenBy(s => s.Partition)];
    }

    private WatermarkStatus Status(StreamTask task, SourceWatermark source, long nowMs, string? why)
    {
        var watermarkMs = task.Watermarks.At(source.Queue.Index);
        var isKnown = watermarkMs != long.MinValue;
        var movedAtMs = source.MovedAtMs;
        var behindMs = isKnown ? nowMs - watermarkMs : movedAtMs == long.MinValue ? 0 : nowMs - movedAtMs;
        var lag = TimeSpan.FromMilliseconds(Math.Max(0, behindMs));
        var isHeld = lag > OnItsWay + (isKnown ? options.AllowedClockSkew : TimeSpan.Zero);
        return new WatermarkStatus(
            source.Queue.Partition.Topic, source.Queue.Partition.Partition, isKnown ? watermarkMs : null, lag,
            movedAtMs == long.MinValue ? null : movedAtMs, isHeld ? HeldBy(task, source, why) : null);
    }

    private string HeldBy(StreamTask task, SourceWatermark source, string? why)
    {
        if (task.Wait.Reason is { } waits)
        {
            return waits;
        }
        if (source.AwaitedOffset is >= 0 and var end && source.Queue.CommitOffset < end)
        {
            return why ?? FormattableString.Invariant(
                $"its task has processed it up to offset {source.Queue.CommitOffset} of {end}");
        }
        return probe.Problem
            ?? probe.Held.GetValueOrDefault(source.Queue.Partition.Topic)
            ?? why
            ?? FormattableString.Invariant($"the broker's clock was read {time.Age.TotalSeconds:0} s ago");
    }
}
