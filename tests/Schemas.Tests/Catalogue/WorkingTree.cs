using Alloc.Schemas.Avro;

namespace Schemas.Tests.Catalogue;

/// <summary>The schemas of the checkout that the tests run in.</summary>
internal static class WorkingTree
{
    public static string Schemas { get; } = Path.Combine(FindRoot(), "schemas");

    /// <summary>Every schema that the product is built from.</summary>
    public static IReadOnlyDictionary<string, NamedSchema> Read()
    {
        var errors = new List<AvroSchemaException>();
        var files = Directory.EnumerateFiles(Schemas, "*.avsc", SearchOption.AllDirectories)
            .Where(f => !Path.GetRelativePath(Schemas, f).Split('/').Any(p => p is "released" or "bin" or "obj"))
            .Order(StringComparer.Ordinal)
            .Select(f => new KeyValuePair<string, string>(f, File.ReadAllText(f)));
        var types = SchemaParser.ParseFiles(files, errors);
        Assert.Empty(errors);
        return types.ToDictionary(t => t.FullName, StringComparer.Ordinal);
    }

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
