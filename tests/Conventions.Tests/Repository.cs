namespace Conventions.Tests;

/// <summary>The checkout that the tests run in: found by its solution file.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Files(string pattern) =>
        Directory.EnumerateFiles(Root, pattern, SearchOption.AllDirectories).Where(f => !IsOutput(f))
            .Order(StringComparer.Ordinal);

    public static string Relative(string file) => Path.GetRelativePath(Root, file);

    private static bool IsOutput(string file) =>
        Relative(file).Split('/').Any(part => part is "bin" or "obj" or "out" or ".git" or "data" or "node_modules");

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Streams.sln")))
        {
            directory = directory.Parent;
        }
        return directory?.FullName
            ?? throw new InvalidOperationException("Streams.sln was not found above the test's folder.");
    }
}
