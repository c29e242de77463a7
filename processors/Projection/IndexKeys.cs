using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection;

/// <summary>What an index is by.</summary>
public enum IndexKind : byte
{
    /// <summary>By order.</summary>
    Order = 1,

    /// <summary>By customer.</summary>
    Customer = 2,

    /// <summary>By status.</summary>
    Status = 3,
}

/// <summary>An entry of an index: the value looked up, then by age, oldest first, then pool and id.</summary>
/// <param name="Kind">What the index is by.</param>
/// <param name="Value">The order, customer or status.</param>
/// <param name="CreatedAtMs">When the reservation was created.</param>
/// <param name="PoolId">Its pool.</param>
/// <param name="Id">Its id.</param>
public readonly record struct IndexKey(IndexKind Kind, string Value, long CreatedAtMs, string PoolId, string Id);

/// <summary>
/// Index entries as bytes that order as they do: kind, value, zero, time big-endian, pool, zero, id. Ids have no
/// control characters.
/// </summary>
public static class IndexKeys
{
    /// <summary>Writes and reads them.</summary>
    public static ISerde<IndexKey> Serde { get; } = new KeySerde();

    /// <summary>The entries that a reservation has.</summary>
    public static IEnumerable<IndexKey> Of(ReservationView view)
    {
        if (OfOrder(view) is { } order)
        {
            yield return order;
        }
        if (OfCustomer(view) is { } customer)
        {
            yield return customer;
        }
        yield return OfStatus(view)!.Value;
    }

    /// <summary>The entry by order; null for one without.</summary>
    public static IndexKey? OfOrder(ReservationView? view) =>
        view?.OrderRef is { Length: > 0 } order ? Key(IndexKind.Order, order, view) : null;

    /// <summary>The entry by customer; null for one without.</summary>
    public static IndexKey? OfCustomer(ReservationView? view) =>
        view?.CustomerRef is { Length: > 0 } customer ? Key(IndexKind.Customer, customer, view) : null;

    /// <summary>The entry by status; null for no reservation.</summary>
    public static IndexKey? OfStatus(ReservationView? view) =>
        view is null ? null : Key(IndexKind.Status, view.Status, view);

    /// <summary>The key as bytes: the place of a row in its index.</summary>
    public static byte[] Bytes(IndexKey key)
    {
        var output = new ArrayBufferWriter<byte>();
        Serde.Serialize(key, output);
        return output.WrittenSpan.ToArray();
    }

    private static IndexKey Key(IndexKind kind, string value, ReservationView view) =>
        new(kind, value, view.CreatedAtMs, view.PoolId, view.ReservationId);

    private sealed class KeySerde : ISerde<IndexKey>
    {
        public void Serialize(IndexKey value, IBufferWriter<byte> output)
        {
            WriteByte((byte)value.Kind, output);
            WriteText(value.Value, output);
            WriteByte(0, output);
            BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), Math.Max(0, value.CreatedAtMs));
            output.Advance(sizeof(long));
            WriteText(value.PoolId, output);
            WriteByte(0, output);
            WriteText(value.Id, output);
        }

        public IndexKey Deserialize(ReadOnlySpan<byte> data)
        {
            var kind = (IndexKind)data[0];
            data = data[1..];
            var value = ReadText(ref data);
            if (data.Length < sizeof(long))
            {
                throw new TaskCorruptedException("A key of an index is damaged: its time takes 8 bytes.");
            }
            var createdAtMs = BinaryPrimitives.ReadInt64BigEndian(data);
            data = data[sizeof(long)..];
            var poolId = ReadText(ref data);
            return new IndexKey(kind, value, createdAtMs, poolId, Encoding.UTF8.GetString(data));
        }

        private static void WriteByte(byte value, IBufferWriter<byte> output)
        {
            output.GetSpan(1)[0] = value;
            output.Advance(1);
        }

        private static void WriteText(string text, IBufferWriter<byte> output)
        {
            var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
            output.Advance(Encoding.UTF8.GetBytes(text, span));
        }

        private static string ReadText(ref ReadOnlySpan<byte> data)
        {
            var end = data.IndexOf((byte)0);
            if (end < 0)
            {
                throw new TaskCorruptedException("A key of an index is damaged: a text has no end.");
            }
            var text = Encoding.UTF8.GetString(data[..end]);
            data = data[(end + 1)..];
            return text;
        }
    }
}
