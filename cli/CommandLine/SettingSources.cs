using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace Alloc.Cli.CommandLine;

/// <summary>
/// Flag over environment over file: what the command line leaves out is added to it from the environment, then from the
/// configuration file, so that the parser checks a value in the same way wherever it comes from.
/// </summary>
internal static class SettingSources
{
    public static string[] Complete(RootCommand root, string[] args, CliHost host)
    {
        var parsed = root.Parse(args);
        var file = ReadFile(parsed, host);
        var added = new List<string>();
        foreach (var option in OptionsOf(parsed.CommandResult))
        {
            if (option is not ISetting setting || parsed.GetResult(option) is { Implicit: false })
            {
                continue;
            }
            var value = host.Environment(setting.Variable);
            if (string.IsNullOrEmpty(value) && !file.TryGetValue(setting.Key, out value))
            {
                continue;
            }
            added.Add(option.Name);
            added.Add(value);
        }
        if (added.Count == 0)
        {
            return args;
        }
        var end = Array.IndexOf(args, "--");
        return end < 0 ? [.. args, .. added] : [.. args[..end], .. added, .. args[end..]];
    }

    private static IEnumerable<Option> OptionsOf(CommandResult command)
    {
        foreach (var option in command.Command.Options)
        {
            yield return option;
        }
        for (var parent = command.Parent as CommandResult; parent is not null; parent = parent.Parent as CommandResult)
        {
            foreach (var option in parent.Command.Options.Where(o => o.Recursive))
            {
                yield return option;
            }
        }
    }

    private static Dictionary<string, string> ReadFile(ParseResult parsed, CliHost host)
    {
        var named = (parsed.GetResult(GlobalOptions.Config) is { Implicit: false }
            ? parsed.GetValue(GlobalOptions.Config)
            : null)
            ?? host.Environment("ALLOC_CONFIG");
        var path = string.IsNullOrEmpty(named) ? "alloc.json" : named;
        if (!File.Exists(path))
        {
            return string.IsNullOrEmpty(named)
                ? []
                : throw CliException.Usage($"The configuration file {path} does not exist.");
        }
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(path),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.EnumerateObject().ToDictionary(
                p => p.Name,
                p => p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : p.Value.GetRawText(),
                StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw CliException.Usage(
                $"The configuration file {path} is not a JSON object: {e.Message}",
                "It holds the options' long names without dashes, for instance {\"bootstrap\": \"localhost:9092\"}.");
        }
    }
}
