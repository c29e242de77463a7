using System.Buffers;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Windows;

/// <summary>Windows of one size that begin at multiples of an advance since the Unix epoch.</summary>
/// <param name="Size">A window's length; its end is excluded.</param>
/// <param name="Advance">From one window's beginning to the next one's, at most the size.</param>
/// <param name="Grace">How long after its end a window takes records that are out of order, not negative.</param>
public sealed record TimeWindows(TimeSpan Size, TimeSpan Advance, TimeSpan Grace)
{
    private const int LimitOfWindowsPerRecord = 10_000;

    internal long SizeMs => (long)Size.TotalMilliseconds;

    internal long AdvanceMs => (long)Advance.TotalMilliseconds;

    internal long GraceMs => (long)Grace.TotalMilliseconds;

    /// <summary>Windows that follow on each other: each record is in one.</summary>
    public static TimeWindows Tumbling(TimeSpan size, TimeSpan grace) => new(size, size, grace);

    /// <summary>Windows that overlap: each record is in size / advance of them.</summary>
    public static TimeWindows Hopping(TimeSpan size, TimeSpan advance, TimeSpan grace) => new(size, advance, grace);

    /// <summary>The beginning of the first window that a time is in; the others follow by the advance.</summary>
    internal long FirstStartMs(long timestampMs)
    {
        // As Kafka Streams: no window begins before the epoch.
        var first = Math.Max(0, timestampMs - SizeMs + AdvanceMs);
        return first / AdvanceMs * AdvanceMs;
    }

    internal void RequireValid()
    {
        if (SizeMs < 1 || AdvanceMs < 1 || Advance > Size || Grace < TimeSpan.Zero || Size > TimeSpan.FromDays(366)
            || Grace > TimeSpan.FromDays(366))
        {
            throw new TopologyException(
                $"Windows of {Size} that advance by {Advance} with a grace of {Grace} are none: the size is from 1 ms "
                + "to 366 days, the advance from 1 ms to the size, the grace from 0 to 366 days.");
        }
        if (SizeMs / AdvanceMs > LimitOfWindowsPerRecord)
        {
            throw new TopologyException(
                $"Windows of {Size} that advance by {Advance} put each record into {SizeMs / AdvanceMs} of them; "
                + $"{LimitOfWindowsPerRecord} is the most. Advance by more.");
        }
    }
}

/// <summary>A key in a window.</summary>
/// <param name="Key">The key.</param>
/// <param name="StartMs">The window's beginning, milliseconds since the Unix epoch, included.</param>
/// <param name="EndMs">Its end, excluded.</param>
public readonly record struct Windowed<TKey>(TKey Key, long StartMs, long EndMs)
    where TKey : notnull;

/// <summary>Eight bytes of beginning, as <see cref="Serdes.Int64"/>, then the key.</summary>
internal sealed class WindowedSerde<TKey>(ISerde<TKey> keys, long sizeMs) : ISerde<Windowed<TKey>>
    where TKey : notnull
{
    public void Serialize(Windowed<TKey> value, IBufferWriter<byte> output)
    {
        Serdes.Int64.Serialize(value.StartMs, output);
        keys.Serialize(value.Key, output);
    }

    public Windowed<TKey> Deserialize(ReadOnlySpan<byte> data)
    {
        if (data.Length < sizeof(long))
        {
            throw new TaskCorruptedException($"A key of a window takes at least 8 bytes, here are {data.Length}.");
        }
        var startMs = Serdes.Int64.Deserialize(data[..sizeof(long)]);
        return new Windowed<TKey>(keys.Deserialize(data[sizeof(long)..]), startMs, startMs + sizeMs);
    }
}
