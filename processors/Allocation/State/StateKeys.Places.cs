using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger.Waitlist;

namespace Alloc.Processors.Allocation.State;

/// <summary>Keys of the orders in which reservations stand.</summary>
public static partial class StateKeys
{
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
