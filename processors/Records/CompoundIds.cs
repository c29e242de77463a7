using System.Globalization;

namespace Alloc.Processors.Records;

/// <summary>
/// Ids made of two, of which no other two make the same. Where an id has a slash of its own, it would not be known
/// where the one ends and the other begins: such a pair is written in another way, which is like no pair without.
/// </summary>
public static class CompoundIds
{
    /// <summary>Most characters that are added to both ids and the slash between them.</summary>
    internal const int MostAdded = 6;

    private const char Slash = '/';
    private const string Slashes = "//";

    /// <summary>
    /// Two ids that may both have slashes. <c>a/b/c</c> is a and b/c, <c>a/b//c</c> is a/b and c. Where one of them
    /// begins or ends with a slash, or has two in a row, the length of the first is told: <c>/3/a//b</c> is a/ and b.
    /// </summary>
    /// <param name="first">The one.</param>
    /// <param name="second">The other.</param>
    public static string Join(string first, string second) =>
        !HasSlash(first) && IsPlain(second) ? Plain(first, second)
        : IsPlain(first) && IsPlain(second) ? first + Slashes + second
        : Counted(first, second);

    /// <summary>
    /// An id and a name that hardly ever has a slash: the name is what comes after the last one. <c>a/b/c</c> is a/b
    /// and c, <c>/1/a/b/c</c> is a and b/c.
    /// </summary>
    /// <param name="id">The id.</param>
    /// <param name="name">The name.</param>
    public static string JoinName(string id, string name) =>
        !HasSlash(name) && !id.StartsWith(Slash) ? Plain(id, name) : Counted(id, name);

    /// <summary>Both with a slash between them: as all were written once, whatever else is written so.</summary>
    /// <param name="first">The one.</param>
    /// <param name="second">The other.</param>
    public static string Plain(string first, string second) => $"{first}{Slash}{second}";

    /// <summary>Both with the length of the first before them, in characters: like no other made here.</summary>
    internal static string Counted(string first, string second) => CountedPrefix(first) + second;

    /// <summary>What all that <see cref="Join"/> makes with this one as the first begins with, one or the
    /// other.</summary>
    internal static IReadOnlyList<string> PrefixesOf(string first) => [first + Slash, CountedPrefix(first)];

    /// <summary>The second of an id that <see cref="Join"/> or <see cref="Plain"/> made with this one as the first.
    /// </summary>
    internal static string SecondOf(string id, string first) =>
        id.StartsWith(CountedPrefix(first), StringComparison.Ordinal) ? id[CountedPrefix(first).Length..]
        : HasSlash(first) && id.StartsWith(first + Slashes, StringComparison.Ordinal)
            ? id[(first.Length + Slashes.Length)..]
        : id[(first.Length + 1)..];

    private static string CountedPrefix(string first) =>
        string.Create(CultureInfo.InvariantCulture, $"{Slash}{first.Length}{Slash}{first}{Slash}");

    private static bool HasSlash(string id) => id.Contains(Slash);

    private static bool IsPlain(string id) => !id.StartsWith(Slash) && !id.EndsWith(Slash)
        && !id.Contains(Slashes, StringComparison.Ordinal);
}
