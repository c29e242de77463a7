using System.Buffers.Text;
using System.Globalization;

namespace Alloc.Web.Endpoints;

/// <summary>
/// Where a listing goes on, as an opaque text: the place of the page before, and the partitions that were missing on
/// any page so far.
/// </summary>
/// <param name="Place">The place in bytes; not empty.</param>
/// <param name="Missing">Partitions that a page did not have.</param>
internal sealed record PageCursor(byte[] Place, IReadOnlyCollection<int> Missing)
{
    private const char Separator = '.';

    /// <inheritdoc/>
    public override string ToString() => string.Join(Separator, [Base64Url.EncodeToString(Place), .. Missing]);

    /// <summary>Reads one; null where the text is none.</summary>
    public static PageCursor? Read(string text)
    {
        var parts = text.Split(Separator);
        try
        {
            var place = Base64Url.DecodeFromChars(parts[0]);
            return place.Length == 0 ? null : new PageCursor(
                place, [.. parts.Skip(1).Select(p => int.Parse(p, NumberStyles.None, CultureInfo.InvariantCulture))]);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }
}
