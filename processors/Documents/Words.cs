namespace Alloc.Processors.Documents;

/// <summary>How the symbols of enumerations are written in a document: <c>strictFifo</c>.</summary>
internal static class Words
{
    public static string Of<T>(T symbol)
        where T : struct, Enum
    {
        var name = symbol.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    public static string List<T>()
        where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(Of));
}
