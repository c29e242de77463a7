namespace Schemas.Tests;

/// <summary>JSON in tests is written with backticks for quotation marks, so that it can be read.</summary>
internal static class Quoted
{
    public static string Json(this string text) => text.Replace('`', '"');
}
