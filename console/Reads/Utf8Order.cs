using System.Text;

namespace Alloc.Web.Reads;

/// <summary>The order of texts as stores have them: by their bytes in UTF-8.</summary>
internal sealed class Utf8Order : IComparer<string>
{
    /// <summary>The order.</summary>
    public static readonly Utf8Order Instance = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y) =>
        Encoding.UTF8.GetBytes(x ?? "").AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y ?? ""));
}
