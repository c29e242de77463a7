using YamlDotNet.RepresentationModel;

namespace Cli.Tests.Monitoring;

/// <summary>What is committed for Prometheus, Alertmanager and Grafana.</summary>
internal static class Committed
{
    public static string Root { get; } = FindRoot();

    public static string Prometheus { get; } = Path.Combine(Root, "compose", "prometheus");

    /// <summary>The rules for instances that serve TLS, as those of the compose file do.</summary>
    public static string Tls { get; } = Path.Combine(Prometheus, "tls");

    /// <summary>The files of promtool's unit tests.</summary>
    public static IReadOnlyList<string> UnitTests { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Prometheus, "tests"), "*.yml").Order(StringComparer.Ordinal)];

    public static string Dashboards { get; } = Path.Combine(Root, "compose", "grafana", "dashboards");

    public static string Alertmanager { get; } = Path.Combine(Root, "compose", "alertmanager", "alertmanager.yml");

    public static string Runbooks { get; } = Path.Combine(Root, "docs", "runbooks");

    /// <summary>Every rule of the committed file.</summary>
    public static IReadOnlyList<YamlMappingNode> Rules() =>
        [.. ((YamlSequenceNode)Yaml(Path.Combine(Prometheus, "rules.yml"))["groups"]).Children
            .SelectMany(g => ((YamlSequenceNode)g["rules"]).Children).Cast<YamlMappingNode>()];

    /// <summary>Rules that alert.</summary>
    public static IReadOnlyList<YamlMappingNode> Alerts() => [.. Rules().Where(r => r.Children.ContainsKey("alert"))];

    /// <summary>A field's text; null where there is none.</summary>
    public static string? Text(this YamlNode node, params string[] path)
    {
        foreach (var name in path)
        {
            if (node is not YamlMappingNode map || !map.Children.TryGetValue(name, out var next))
            {
                return null;
            }
            node = next;
        }
        return ((YamlScalarNode)node).Value;
    }

    public static YamlMappingNode Yaml(string file)
    {
        var stream = new YamlStream();
        using var reader = new StreamReader(file);
        stream.Load(reader);
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Streams.sln")))
        {
            directory = directory.Parent;
        }
        return directory.FullName;
    }
}
