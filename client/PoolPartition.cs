using System.Globalization;
using System.Text;

namespace Alloc.Client;

/// <summary>
/// Where a pool lives: by murmur2 of its id in UTF-8, as Kafka's Java clients and librdkafka's <c>murmur2_random</c>
/// place keys. What a partition says of no pool stands under a name of its own, <c>$partition/n</c>.
/// </summary>
public static class PoolPartition
{
    private const string Own = "$partition/";

    /// <summary>The partition of a pool, from 0.</summary>
    /// <param name="poolId">The pool, or the name of a partition.</param>
    /// <param name="partitionCount">Partitions of the command topic, 1 or more.</param>
    public static int Of(string poolId, int partitionCount)
    {
        ArgumentNullException.ThrowIfNull(poolId);
        return poolId.StartsWith(Own, StringComparison.Ordinal)
            && int.TryParse(poolId.AsSpan(Own.Length), CultureInfo.InvariantCulture, out var partition)
            && partition >= 0 && partition < partitionCount
                ? partition
                : OfKey(Encoding.UTF8.GetBytes(poolId), partitionCount);
    }

    /// <summary>The partition of a record's key, from 0.</summary>
    /// <param name="key">The key's bytes.</param>
    /// <param name="partitionCount">Partitions of the topic, 1 or more.</param>
    public static int OfKey(ReadOnlySpan<byte> key, int partitionCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitionCount, 1);
        return (int)((Hash(key) & 0x7fff_ffff) % (uint)partitionCount);
    }

    /// <summary>The pool under which a partition writes what belongs to no pool.</summary>
    public static string PoolOf(int partition) => string.Create(CultureInfo.InvariantCulture, $"{Own}{partition}");

    /// <summary><c>org.apache.kafka.common.utils.Utils.murmur2</c>.</summary>
    private static uint Hash(ReadOnlySpan<byte> data)
    {
        const uint Seed = 0x9747_b28c;
        const uint Multiplier = 0x5bd1_e995;
        var hash = Seed ^ (uint)data.Length;
        for (; data.Length >= 4; data = data[4..])
        {
            var word = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(data) * Multiplier;
            hash = (hash * Multiplier) ^ ((word ^ (word >> 24)) * Multiplier);
        }
        for (var i = data.Length - 1; i >= 0; i--)
        {
            hash ^= (uint)data[i] << (8 * i);
        }
        hash = data.Length > 0 ? hash * Multiplier : hash;
        hash = (hash ^ (hash >> 13)) * Multiplier;
        return hash ^ (hash >> 15);
    }
}
