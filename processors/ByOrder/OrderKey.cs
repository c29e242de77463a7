using System.Buffers;
using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;

namespace Alloc.Processors.ByOrder;

/// <summary>The key of a record of by-order, and the partition where it is not the key that names it.</summary>
/// <param name="Text">An order's reference, or a key that begins with <c>$</c>.</param>
/// <param name="Partition">The partition; null: that of the key.</param>
internal readonly record struct OrderKey(string Text, int? Partition = null)
{
    /// <summary>The partition among so many.</summary>
    public int PartitionOf(int partitionCount) =>
        Partition ?? Murmur2.Partition(Encoding.UTF8.GetBytes(Text), partitionCount);

    /// <summary>Writes the text.</summary>
    public sealed class Serializer : ISerializer<OrderKey>
    {
        /// <inheritdoc/>
        public void Serialize(OrderKey value, IBufferWriter<byte> output) =>
            Serdes.Utf8.Serialize(value.Text, output);
    }
}
