using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Alloc.Client;

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
            var source = value is null ? $"{setting.Key} of {file.Path}" : setting.Variable;
            if (value is null && !file.Values.TryGetValue(setting.Key, out value))
            {
                continue;
            }
            if (ValueChecks.IsBlank(value, setting.MayBeEmpty))
            {
                throw AllocException.Usage(
                    $"{source} ({option.Name}) is {(value.Length == 0 ? "empty" : "blank")}.",
                    "Leave it out, or give it a value.");
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

    private static (string Path, Dictionary<string, string> Values) ReadFile(ParseResult parsed, CliHost host)
    {
        var option = parsed.GetResult(GlobalOptions.Config) is { Implicit: false, Errors: var errors } && !errors.Any()
            ? parsed.GetValue(GlobalOptions.Config)
            : null;
        var named = option ?? host.Environment("ALLOC_CONFIG");
        if (named is not null && ValueChecks.IsBlank(named, mayBeEmpty: false))
        {
            throw AllocException.Usage("ALLOC_CONFIG (--config) is empty.", "Leave it out, or name a file.");
        }
        var path = named ?? "alloc.json";
        if (!File.Exists(path))
        {
            return named is null
                ? (path, [])
                : throw AllocException.Usage($"The configuration file {path} does not exist.");
        }
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(path),
                new JsonDocumentOptions
                {
                    CommentHandling = JsonCommentHandling.Skip,
                    AllowTrailingCommas = true,
                    AllowDuplicateProperties = false,
                });
            return (path, document.RootElement.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null)
                .ToDictionary(p => p.Name, p => Text(path, p), StringComparer.Ordinal));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw AllocException.Usage(
                $"The configuration file {path} is not a JSON object: {e.Message}",
                "It holds the options' long names without dashes, for instance {\"bootstrap\": \"localhost:9092\"}.");
        }
    }

    private static string Text(string path, JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Object or JsonValueKind.Array =>
            throw AllocException.Usage($"{property.Name} of {path} is neither a text, a number, true nor false."),
        _ => property.Value.GetRawText(),
    };
}
