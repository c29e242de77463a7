using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.State;

/// <summary>Something of a pool, by name: a reservation, a command, a consumption or a source.</summary>
/// <param name="PoolId">The pool.</param>
/// <param name="Id">The name within the pool.</param>
public readonly record struct PoolKey(string PoolId, string Id);

/// <summary>A place in the line of a pool.</summary>
public readonly record struct WaiterKey(string PoolId, WaiterPlace Place);

/// <summary>A place among those that have units of a pool.</summary>
public readonly record struct HolderKey(string PoolId, HolderPlace Place);

/// <summary>A fact of a source about a pool.</summary>
public readonly record struct FactKey(string PoolId, string Source, long Sequence);

/// <summary>What falls due, without the time.</summary>
public readonly record struct TimerKey(TimerKind Kind, string PoolId, string Id);

/// <summary>
/// Keys of stores as bytes that order as the keys do: UTF-8 texts with a zero byte between them (ids have no control
/// characters), numbers big-endian.
/// </summary>
public static class StateKeys
{
    /// <summary>For <see cref="State.PoolKey"/>.</summary>
    public static ISerde<PoolKey> PoolKey { get; } = new PoolKeySerde();

    /// <summary>For <see cref="State.FactKey"/>.</summary>
    public static ISerde<FactKey> FactKey { get; } = new FactKeySerde();

    /// <summary>For <see cref="State.TimerKey"/>.</summary>
    public static ISerde<TimerKey> TimerKey { get; } = new TimerKeySerde();

    /// <summary>For <see cref="State.WaiterKey"/>: the first in line first.</summary>
    public static ISerde<WaiterKey> WaiterKey { get; } = new WaiterKeySerde();

    /// <summary>For <see cref="State.HolderKey"/>: by class, the newest first.</summary>
    public static ISerde<HolderKey> HolderKey { get; } = new HolderKeySerde();

    /// <summary>The bytes that keys of a pool begin with.</summary>
    public static byte[] PrefixOf(string poolId)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(poolId) + 1];
        Encoding.UTF8.GetBytes(poolId, bytes);
        return bytes;
    }

    /// <summary>The bytes that keys of a source of a pool begin with.</summary>
    public static byte[] PrefixOf(string poolId, string source)
    {
        return [.. PrefixOf(poolId), .. PrefixOf(source)];
    }

    private static void WriteText(string text, IBufferWriter<byte> output)
    {
        WriteLast(text, output);
        output.GetSpan(1)[0] = 0;
        output.Advance(1);
    }

    private static void WriteLast(string text, IBufferWriter<byte> output)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
    }

    private static string ReadText(ref ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf((byte)0);
        if (end < 0)
        {
            throw new StreamsException("A key of a store is damaged: a text has no end.");
        }
        var text = Encoding.UTF8.GetString(data[..end]);
        data = data[(end + 1)..];
        return text;
    }

    // Big-endian, with the sign bit turned, orders as the number does.
    private static void WriteOrdered(long number, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), number ^ long.MinValue);
        output.Advance(sizeof(long));
    }

    private static long ReadOrdered(ref ReadOnlySpan<byte> data)
    {
        if (data.Length < sizeof(long))
        {
            throw new StreamsException("A key of a store is damaged: a number takes 8 bytes.");
        }
        var number = BinaryPrimitives.ReadInt64BigEndian(data) ^ long.MinValue;
        data = data[sizeof(long)..];
        return number;
    }

    private sealed class PoolKeySerde : ISerde<PoolKey>
    {
        public void Serialize(PoolKey value, IBufferWriter<byte> output)
        {
            WriteText(value.PoolId, output);
            WriteLast(value.Id, output);
        }

        public PoolKey Deserialize(ReadOnlySpan<byte> data)
        {
            var poolId = ReadText(ref data);
            return new PoolKey(poolId, Encoding.UTF8.GetString(data));
        }
    }

    private sealed class FactKeySerde : ISerde<FactKey>
    {
        public void Serialize(FactKey value, IBufferWriter<byte> output)
        {
            WriteText(value.PoolId, output);
            WriteText(value.Source, output);
            BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), value.Sequence);
            output.Advance(sizeof(long));
        }

        public FactKey Deserialize(ReadOnlySpan<byte> data)
        {
            var poolId = ReadText(ref data);
            var source = ReadText(ref data);
            return data.Length == sizeof(long)
                ? new FactKey(poolId, source, BinaryPrimitives.ReadInt64BigEndian(data))
                : throw new StreamsException("A key of a store is damaged: a sequence takes 8 bytes.");
        }
    }

    private sealed class TimerKeySerde : ISerde<TimerKey>
    {
        public void Serialize(TimerKey value, IBufferWriter<byte> output)
        {
            output.GetSpan(1)[0] = (byte)value.Kind;
            output.Advance(1);
            WriteText(value.PoolId, output);
            WriteLast(value.Id, output);
        }

        public TimerKey Deserialize(ReadOnlySpan<byte> data)
        {
            if (data.IsEmpty)
            {
                throw new StreamsException("A key of a store is damaged: it is empty.");
            }
            var kind = (TimerKind)data[0];
            data = data[1..];
            var poolId = ReadText(ref data);
            return new TimerKey(kind, poolId, Encoding.UTF8.GetString(data));
        }
    }

    private sealed class WaiterKeySerde : ISerde<WaiterKey>
    {
        public void Serialize(WaiterKey value, IBufferWriter<byte> output)
        {
            WriteText(value.PoolId, output);
            WriteOrdered(value.Place.OrderMs, output);
            WriteOrdered(value.Place.Tie, output);
            WriteLast(value.Place.ReservationId, output);
        }

        public WaiterKey Deserialize(ReadOnlySpan<byte> data)
        {
            var poolId = ReadText(ref data);
            var order = ReadOrdered(ref data);
            var tie = ReadOrdered(ref data);
            return new WaiterKey(poolId, new WaiterPlace(order, tie, Encoding.UTF8.GetString(data)));
        }
    }

    private sealed class HolderKeySerde : ISerde<HolderKey>
    {
        public void Serialize(HolderKey value, IBufferWriter<byte> output)
        {
            WriteText(value.PoolId, output);
            WriteText(value.Place.Class, output);
            WriteOrdered(~value.Place.HeldAtMs, output);
            WriteLast(value.Place.ReservationId, output);
        }

        public HolderKey Deserialize(ReadOnlySpan<byte> data)
        {
            var poolId = ReadText(ref data);
            var priorityClass = ReadText(ref data);
            var heldAt = ~ReadOrdered(ref data);
            return new HolderKey(poolId, new HolderPlace(priorityClass, heldAt, Encoding.UTF8.GetString(data)));
        }
    }
}
