namespace EndToEnd.Tests.Replay;

/// <summary>
/// The real file, where it is at hand: ALLOC_DATA names its folder, or shared/data lies above the checkout.
/// </summary>
internal static class DataSet
{
    private const string FileName = "online-retail.csv.gz";

    public static string? OnlineRetail { get; } = Find();

    public static void SkipUnlessPresent() => Assert.SkipUnless(
        OnlineRetail is not null,
            $"{FileName} is not at hand: ALLOC_DATA is not set and there is no folder shared/data above the checkout");

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("ALLOC_DATA") is { Length: > 0 } named)
        {
            return File.Exists(Path.Combine(named, FileName)) ? Path.Combine(named, FileName) : null;
        }
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            var candidate = Path.Combine(above.FullName, "shared", "data", FileName);
            if (File.Exists(candidate))
            {
                return candidate;
            }
        }
        return null;
    }
}
