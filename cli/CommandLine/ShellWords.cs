using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Alloc.Client;

namespace Alloc.Cli.CommandLine;

/// <summary>The words that the shell passed, made safe for a parser that would take a missing value from the next one.
/// </summary>
internal static class ShellWords
{
    /// <summary>
    /// Writes <c>--option=</c> as the option and an empty value, which is then refused as one. Refuses an option that
    /// is followed by another one of the same command where its value belongs: a variable without quotes was empty.
    /// </summary>
    /// <exception cref="AllocException">An option has no value.</exception>
    public static string[] Check(RootCommand root, string[] words)
    {
        var end = Array.IndexOf(words, "--") is >= 0 and var dashes ? dashes : words.Length;
        var options = OptionsOf(root.Parse(words).CommandResult);
        var known = options.SelectMany(o => o.Aliases.Append(o.Name).Select(name => (name, o)))
            .DistinctBy(o => o.name).ToDictionary(o => o.name, o => o.o, StringComparer.Ordinal);
        var safe = new List<string>(words.Length);
        for (var at = 0; at < end; at++)
        {
            var word = words[at];
            if (word is ['-', .., '=' or ':'] && known.ContainsKey(word[..^1]))
            {
                safe.AddRange([word[..^1], ""]);
                continue;
            }
            safe.Add(word);
            if (!known.TryGetValue(word, out var option) || option.Arity.MinimumNumberOfValues == 0 || at + 1 == end)
            {
                continue;
            }
            var value = words[++at];
            // --help and --version are nothing that a script would lose; an id may be called so.
            if (known.TryGetValue(value.Split('=', ':')[0], out var next) && next is not (HelpOption or VersionOption))
            {
                throw AllocException.Usage(
                    $"{word} has no value: '{value}' after it is an option.",
                    $"If that is the value, write {word}={value}.");
            }
            safe.Add(value);
        }
        return [.. safe, .. words[end..]];
    }

    private static List<Option> OptionsOf(CommandResult command)
    {
        var options = command.Command.Options.ToList();
        for (var parent = command.Parent as CommandResult; parent is not null;
            parent = parent.Parent as CommandResult)
        {
            options.AddRange(parent.Command.Options.Where(o => o.Recursive));
        }
        return options;
    }
}
