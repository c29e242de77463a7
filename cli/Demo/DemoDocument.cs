namespace Alloc.Cli.Demo;

/// <summary>The documents of the demo's stories, which are examples of the documentation.</summary>
internal static class DemoDocument
{
    /// <summary>Who applies them.</summary>
    public const string Actor = "demo";

    /// <summary>The text of a document that is kept inside the program.</summary>
    public static string Text(string file)
    {
        using var stream = typeof(DemoDocument).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The program has no document {file}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
