using System.CommandLine;
using System.Text.RegularExpressions;
using Alloc.Cli.CommandLine;

namespace Cli.Tests;

/// <summary>What README and docs tell people to type exists: nouns, verbs and options.</summary>
public sealed partial class DocumentedCommandsTests
{
    [Fact]
    public void Every_command_that_a_document_shows_is_one_that_alloc_has()
    {
        var root = CommandTree.Build();
        var unknown = new List<string>();
        var seen = 0;

        foreach (var file in Documents())
        {
            foreach (var words in Commands(File.ReadAllText(file)))
            {
                seen++;
                if (Problem(root, words) is { } problem)
                {
                    unknown.Add($"{Path.GetRelativePath(Root(), file)}: 'alloc {string.Join(' ', words)}': {problem}");
                }
            }
        }

        Assert.Empty(unknown);
        Assert.True(seen > 5, "No document shows a command.");
    }

    private static string? Problem(Command root, string[] words)
    {
        var command = root;
        var options = new List<Option>(root.Options);
        var isVerb = true;
        foreach (var word in words)
        {
            if (word.StartsWith('-') && word.Length > 1)
            {
                var name = word.Split('=')[0];
                if (!options.Any(o => o.Name == name || o.Aliases.Contains(name)))
                {
                    return $"there is no option {name}";
                }
                isVerb = false;
            }
            else if (isVerb && command.Subcommands.FirstOrDefault(s => s.Name == word) is { } next)
            {
                command = next;
                options.AddRange(next.Options);
            }
            else if (isVerb && command.Subcommands.Count > 0 && command.Action is null)
            {
                return $"there is no '{word}'";
            }
            else
            {
                isVerb = false;
            }
        }
        return null;
    }

    /// <summary>Commands in code: a word a time, up to a pipe, a comment or the end of the code span.</summary>
    private static IEnumerable<string[]> Commands(string text)
    {
        var code = Fence().Matches(text).Select(m => m.Groups[1].Value)
            .SelectMany(block => block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
            .Concat(Span().Matches(Fence().Replace(text, "")).Select(m => m.Groups[1].Value));
        foreach (var line in code)
        {
            var match = Command().Match(line.Trim());
            if (match.Success)
            {
                var words = match.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .TakeWhile(w => w is not ("|" or "#" or "&&" or "&" or ">" or ";"))
                    .ToArray();
                if (words.Length > 0 && char.IsAsciiLetterLower(words[0][0]))
                {
                    yield return words;
                }
            }
        }
    }

    private static IEnumerable<string> Documents() =>
        new[] { Root() }.Concat(new[] { "docs", "bench" }.Select(d => Path.Combine(Root(), d)))
            .SelectMany(d => Directory.EnumerateFiles(
                d, "*.md", d == Root() ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories));

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Streams.sln")))
        {
            directory = directory.Parent;
        }
        return directory.FullName;
    }

    [GeneratedRegex("```[a-z]*\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"^(?:\$ )?(?:out/)?alloc ([^\n]*)$")]
    private static partial Regex Command();
}
