namespace Alloc.Tests.Support;

/// <summary>
/// The real files, where they are at hand: ALLOC_DATA names its folder, or shared/data lies above the checkout.
/// </summary>
internal static class DataSet
{
    private const string RetailName = "online-retail.csv.gz";

    public static string? OnlineRetail { get; } = Find(RetailName);

    public static void SkipUnlessPresent() => SkipUnlessPresent(RetailName);

    /// <summary>The path of a file of the set; skips the test where it is not at hand.</summary>
    public static string SkipUnlessPresent(string fileName)
    {
        var path = Find(fileName);
        Assert.SkipUnless(
            path is not null,
            $"{fileName} is not at hand: ALLOC_DATA is not set and there is no folder shared/data above the checkout");
        return path!;
    }

    private static string? Find(string fileName)
    {
        if (Environment.GetEnvironmentVariable("ALLOC_DATA") is { Length: > 0 } named)
        {
            return File.Exists(Path.Combine(named, fileName)) ? Path.Combine(named, fileName) : null;
        }
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            var candidate = Path.Combine(above.FullName, "shared", "data", fileName);
            if (File.Exists(candidate))
            {
                return candidate;
            }
        }
        return null;
    }
}
