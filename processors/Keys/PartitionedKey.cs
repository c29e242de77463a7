using System.Buffers;
using Alloc.Engine.Processing;

namespace Alloc.Processors.Keys;

/// <summary>A key and the partition that its record goes to.</summary>
/// <param name="Key">The key.</param>
/// <param name="Partition">The partition; -1: the key decides.</param>
public readonly record struct PartitionedKey(string Key, int Partition = PartitionedKey.ByKey)
{
    /// <summary>The key decides.</summary>
    public const int ByKey = -1;

    /// <summary>Writes the key alone.</summary>
    internal static ISerializer<PartitionedKey> Serializer { get; } = new KeySerializer();

    private sealed class KeySerializer : ISerializer<PartitionedKey>
    {
        public void Serialize(PartitionedKey value, IBufferWriter<byte> output) =>
            Serdes.Utf8.Serialize(value.Key, output);
    }
}
