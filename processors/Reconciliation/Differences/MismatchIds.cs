using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Alloc.Engine.Processing;

namespace Alloc.Processors.Reconciliation.Differences;

/// <summary>Names of mismatches: the same facts give the same one, so that a rerun finds what is there.</summary>
internal static class MismatchIds
{
    private const char Separator = '\n';

    /// <summary>&lt;class&gt;.&lt;16 hexadecimal digits&gt;.</summary>
    public static string Of(in DifferenceKey key, string episode)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(
            Encoding.UTF8.GetBytes(string.Join(Separator, key.Class, key.Kind, key.Id, episode)), hash);
        return $"{key.Class}.{Convert.ToHexStringLower(hash[..8])}";
    }

    /// <summary>A place in the log, as episodes and sides name it.</summary>
    public static string PositionOf(in RecordMetadata metadata) => string.Create(
        CultureInfo.InvariantCulture, $"{metadata.Topic}/{metadata.Partition}/{metadata.Offset}");
}
