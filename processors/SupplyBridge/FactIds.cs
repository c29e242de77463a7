using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Alloc.Processors.Records;

namespace Alloc.Processors.SupplyBridge;

/// <summary>
/// Ids made of facts: the same fact has the same one, whenever it comes and whoever reads it. Those that would be
/// longer than the ledger takes have a hash of the whole in the place of their end.
/// </summary>
internal static class FactIds
{
    /// <summary>Longest id that is made here, in characters: any policy in use takes it.</summary>
    public const int MaximumLength = TextBounds.ShortId;

    private const int HashSize = 16;

    /// <summary>The command of a movement; the number, not the movement, is what a source never uses twice.</summary>
    public static string OfMovement(string source, string poolId, long sequence) => Fit(
        string.Create(CultureInfo.InvariantCulture, $"sb/{CompoundIds.Join(source, poolId)}/{sequence}"));

    /// <summary>The command of a count.</summary>
    public static string OfCount(string source, string poolId, long version) => Fit(
        string.Create(CultureInfo.InvariantCulture, $"sb/{CompoundIds.Join(source, poolId)}/v{version}"));

    /// <summary>The reservation that stands for goods which moved for none that is known.</summary>
    public static string OfNobody(string movementId) => Fit($"movement/{movementId}");

    private static string Fit(string id)
    {
        if (id.Length <= MaximumLength)
        {
            return id;
        }
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, HashSize);
        var kept = MaximumLength - 1 - (2 * HashSize);
        // Half of a pair is no character, and could not be written.
        kept -= char.IsHighSurrogate(id[kept - 1]) ? 1 : 0;
        return $"{id.AsSpan(0, kept)}~{Convert.ToHexStringLower(hash)}";
    }
}
