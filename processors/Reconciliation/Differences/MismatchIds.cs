using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Processors.Records;

namespace Alloc.Processors.Reconciliation.Differences;

/// <summary>Names of mismatches: the same facts give the same one, so that a rerun finds what is there.</summary>
internal static class MismatchIds
{
    /// <summary>
    /// Longest id, in characters: rc/&lt;mismatchId&gt;/&lt;attempt&gt;/approve is an id of the ledger, too.
    /// </summary>
    public const int MaximumLength = 200;

    private const string OfRepairs = "rc/";
    private const char Separator = '\n';

    /// <summary>Whether a command is a repair, by its id: <c>rc/&lt;mismatchId&gt;/&lt;attempt&gt;</c>.</summary>
    public static bool IsRepair(string? commandId) =>
        commandId?.StartsWith(OfRepairs, StringComparison.Ordinal) == true;

    /// <summary>Whether a text can be the id of a mismatch.</summary>
    public static bool CanBe(string text) => IdRules.Fault(text, MaximumLength) is null;

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
