namespace Alloc.Engine.Partitioning;

/// <summary>The partitioner of Kafka's Java clients (<c>org.apache.kafka.common.utils.Utils.murmur2</c>).</summary>
public static class Murmur2
{
    /// <summary>The partition of a key, from 0.</summary>
    public static int Partition(ReadOnlySpan<byte> key, int partitionCount) =>
        (int)((Hash(key) & 0x7fffffff) % (uint)partitionCount);

    /// <summary>The 32-bit hash with Kafka's seed.</summary>
    public static uint Hash(ReadOnlySpan<byte> data)
    {
        const uint Multiplier = 0x5bd1e995;
        var hash = 0x9747b28cu ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            var word = (uint)(data[0] | (data[1] << 8) | (data[2] << 16) | (data[3] << 24)) * Multiplier;
            word = (word ^ (word >> 24)) * Multiplier;
            hash = (hash * Multiplier) ^ word;
            data = data[4..];
        }
        if (data.Length >= 3)
        {
            hash ^= (uint)data[2] << 16;
        }
        if (data.Length >= 2)
        {
            hash ^= (uint)data[1] << 8;
        }
        if (data.Length >= 1)
        {
            hash = (hash ^ data[0]) * Multiplier;
        }
        hash = (hash ^ (hash >> 13)) * Multiplier;
        return hash ^ (hash >> 15);
    }
}
