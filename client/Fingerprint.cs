using System.Security.Cryptography;
using System.Text;

namespace Alloc.Client;

/// <summary>128 bits that stand for a text: millions of ids fit in memory, and two never meet by chance.</summary>
internal static class Fingerprint
{
    private const int LongestOnStack = 512;

    public static UInt128 Of(string text) => Of(text, "");

    /// <summary>Stands for both texts and where the first ends.</summary>
    public static UInt128 Of(string first, string second)
    {
        var size = Encoding.UTF8.GetMaxByteCount(first.Length + second.Length + 1);
        var buffer = size <= LongestOnStack ? stackalloc byte[LongestOnStack] : new byte[size];
        var length = Encoding.UTF8.GetBytes(first, buffer);
        buffer[length++] = 0;
        length += Encoding.UTF8.GetBytes(second, buffer[length..]);
        return Of(buffer[..length]);
    }

    public static UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
