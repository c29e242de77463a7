using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Alloc.Broker.Protocol;

/// <summary>CRC-32C (Castagnoli), as record batches carry it (RFC 3720, appendix B.4).</summary>
internal static class Crc32C
{
    /// <summary>The checksum of <paramref name="data"/>. Compiled at once: a start after a crash computes it over much
    /// data before the runtime would have found it worth optimising.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(
                crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }
        foreach (var next in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, next);
        }
        return ~crc;
    }
}
