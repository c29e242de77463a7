using System.Globalization;
using System.Text;
using Spectre.Console.Rendering;

namespace Alloc.Cli.Output;

/// <summary>
/// What a table shows of values that are long or not made to be shown: on a terminal that is too narrow the longest
/// columns are shortened in the middle, where ids differ least. Never when the output is piped, and never in JSON.
/// </summary>
internal static class TableText
{
    /// <summary>What stands for the middle.</summary>
    private const string Cut = "…";

    /// <summary>No column is made narrower than this: beginning and end still tell ids apart.</summary>
    private const int Narrowest = 13;

    private const int Gap = 2;

    /// <summary>The cells of one column that take the most, for a table of this width.</summary>
    /// <param name="natural">What each column would take.</param>
    /// <param name="mayShrink">Which columns may be shortened: those of numbers may not.</param>
    /// <param name="width">The terminal's.</param>
    public static int[] Fit(IReadOnlyList<int> natural, IReadOnlyList<bool> mayShrink, int width)
    {
        var fitted = natural.ToArray();
        var left = width - (Gap * (natural.Count - 1));
        // The widest gives first: a short column is never shortened for a long one.
        for (var over = fitted.Sum() - left; over > 0; over = fitted.Sum() - left)
        {
            var widest = Enumerable.Range(0, fitted.Length).Where(c => mayShrink[c] && fitted[c] > Narrowest)
                .OrderByDescending(c => fitted[c]).Select(c => (int?)c).FirstOrDefault();
            if (widest is not { } column)
            {
                break;
            }
            var second = Enumerable.Range(0, fitted.Length).Where(c => c != column && mayShrink[c])
                .Select(c => fitted[c]).DefaultIfEmpty(0).Max();
            var floor = Math.Max(Narrowest, Math.Min(second, fitted[column] - 1));
            fitted[column] = Math.Max(floor, fitted[column] - over);
        }
        return fitted;
    }

    /// <summary>Cells of a line of a table.</summary>
    public static int Total(IReadOnlyList<int> columns) => columns.Sum() + (Gap * (columns.Count - 1));

    /// <summary>The text in no more than so many cells, with the middle left out.</summary>
    public static string Shorten(string text, int cells)
    {
        if (Width(text) <= cells)
        {
            return text;
        }
        var elements = new List<string>();
        for (var each = StringInfo.GetTextElementEnumerator(text); each.MoveNext();)
        {
            elements.Add(each.GetTextElement());
        }
        var (head, tail) = (new StringBuilder(), new Stack<string>());
        var (first, last, left) = (0, elements.Count - 1, cells - 1);
        for (var takeHead = true; first <= last; takeHead = !takeHead)
        {
            var element = elements[takeHead ? first : last];
            if (Width(element) > left)
            {
                break;
            }
            left -= Width(element);
            if (takeHead)
            {
                head.Append(element);
                first++;
            }
            else
            {
                tail.Push(element);
                last--;
            }
        }
        return head + Cut + string.Concat(tail);
    }

    /// <summary>
    /// The text with what a terminal would obey instead of showing (control characters, changes of direction) written
    /// as <c>\u202E</c>.
    /// </summary>
    public static string Visible(string text) => !text.Any(IsObeyed) ? text
        : string.Concat(text.Select(c => IsObeyed(c)
            ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}") : c.ToString()));

    /// <summary>True for words, which may be broken between them; an id is one word.</summary>
    public static bool IsSentence(string text) => text.Contains(' ', StringComparison.Ordinal);

    /// <summary>Cells that a terminal needs for it.</summary>
    public static int Width(string text) => new Segment(text).CellCount();

    private static bool IsObeyed(char c) => char.IsControl(c)
        || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
