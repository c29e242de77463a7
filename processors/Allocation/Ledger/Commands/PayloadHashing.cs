using System.Security.Cryptography;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>
/// The identity of a command's content: the first 16 bytes of the SHA-256 of poolId and body, field by field in schema
/// order, fields equal to their default left out. Times, correlation and actor of the envelope are not part of it.
/// </summary>
public static class PayloadHashing
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 16;

    [ThreadStatic]
    private static AvroWriter? threadWriter;

    /// <summary>The hash of a command.</summary>
    public static ReadOnlyMemory<byte> Compute(AllocationCommand command)
    {
        var writer = threadWriter ??= new AvroWriter();
        writer.Clear();
        writer.WriteString(command.PoolId);
        command.Body.WriteUnionNonDefault(writer);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(writer.WrittenSpan, hash);
        return hash[..Size].ToArray();
    }
}
