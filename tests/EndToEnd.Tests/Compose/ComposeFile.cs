using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace EndToEnd.Tests.Compose;

/// <summary>The project's compose file, with what it merges merged.</summary>
internal sealed class ComposeFile
{
    private readonly Dictionary<object, object> root;

    private ComposeFile(Dictionary<object, object> root) => this.root = root;

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder of the compose file.</summary>
    public static string Folder { get; } = Path.Combine(Root, "compose");

    /// <summary>The file itself.</summary>
    public static string Location { get; } = Path.Combine(Folder, "compose.yaml");

    public static ComposeFile Read()
    {
        using var text = new StreamReader(Location);
        var yaml = new DeserializerBuilder().Build()
            .Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(text)));
        return new ComposeFile(yaml);
    }

    public IReadOnlyList<ComposeService> Services => [.. ((Dictionary<object, object>)root["services"])
        .Select(s => new ComposeService((string)s.Key, (Dictionary<object, object>)s.Value))];

    public ComposeService this[string service] => Services.Single(s => s.Name == service);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Streams.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not lie in the repository.");
    }
}

/// <summary>A service of the compose file.</summary>
internal sealed record ComposeService(string Name, IReadOnlyDictionary<object, object> Settings)
{
    public string? Image => Settings.GetValueOrDefault("image") as string;

    public IReadOnlyDictionary<string, string> Environment =>
        Settings.GetValueOrDefault("environment") is Dictionary<object, object> environment
            ? environment.ToDictionary(e => (string)e.Key, e => (string)e.Value)
            : [];

    public IReadOnlyList<string> List(string setting) => Settings.GetValueOrDefault(setting) is List<object> items
        ? [.. items.Cast<string>()]
        : [];
}
