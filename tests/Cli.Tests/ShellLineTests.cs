using System.Diagnostics;
using Alloc.Cli.CommandLine;
using Alloc.Processors.Notation;

namespace Cli.Tests;

/// <summary>Lines that people paste: a shell and this program read back of them what was written, whatever it is.
/// </summary>
public sealed class ShellLineTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    /// <summary>Ids that do something in a shell, or look like something to this program.</summary>
    public static TheoryData<string> Ids =>
    [
        "order-1", "a b", " a ", "it's", "'", "''", "it's \"q\" $HOME", "\"", "$HOME", "${HOME}", "$(touch pwned)",
        "`touch pwned`", "*", "?", "[a]", "{a,b}", "~", "~root", "!", "!!", "it's!", "a\\b", "\\", "it's\\", "#a",
        "it's #a", "=ls", "a=b", "a;b", "a&b", "a|b", "a>b", "a<b", "(a)", "a\nb", "it's\nb", "a\tb", "%1", "-a",
        "-ojson", "--help", "--pool", "--yes", "--", "-it's", "a\u0308日😀", "it's 日😀", "a\u00a0b", "a\u2028b",
        "$'a'", "a#b",
    ];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_line_is_read_back_as_it_was_meant(string id)
    {
        var line = ShellLine.Of(
            "alloc reservation hold", null, ("--pool", id), ("--quantity", "2"), ("--id", id + "#2"), ("--order", id));

        foreach (var shell in Shells())
        {
            var parsed = Parse(await WordsAsync(shell, line));

            Assert.Empty(parsed.Errors);
            Assert.Equal(
                [id, "2", id + "#2", id],
                new[] { "--pool", "--quantity", "--id", "--order" }.Select(
                    o => parsed.GetResult(o) is System.CommandLine.Parsing.OptionResult r ? r.Tokens[0].Value : null));
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task What_a_line_is_about_is_never_taken_for_an_option(string id)
    {
        var line = ShellLine.Of("alloc approve", id, ("--pool", id));

        foreach (var shell in Shells())
        {
            var parsed = Parse(await WordsAsync(shell, line));

            Assert.Empty(parsed.Errors);
            Assert.Equal(id, Assert.Single(parsed.CommandResult.Children
                .OfType<System.CommandLine.Parsing.ArgumentResult>()).Tokens[0].Value);
        }
    }

    [Theory]
    [InlineData("order-1", "order-1")]
    [InlineData("o-1/1#2", "o-1/1#2")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", "it\\'s")]
    [InlineData("", "''")]
    [InlineData("#a", "'#a'")]
    [InlineData("it's\na", "'it'\\''s\na'")]
    public void A_word_is_quoted_where_it_must_be(string word, string quoted) =>
        Assert.Equal(quoted, ShellLine.Quote(word));

    [Fact]
    public void A_quoted_id_has_twice_its_characters_and_two_at_most()
    {
        string[] worst = [new('\'', 100), new('$', 100), string.Concat(Enumerable.Repeat("'$", 50)), "a"];

        Assert.All(worst, word => Assert.InRange(ShellLine.Quote(word).Length, 1, (2 * word.Length) + 2));
    }

    private static System.CommandLine.ParseResult Parse(string[] words)
    {
        var root = CommandTree.Build();
        return root.Parse(ShellWords.Check(root, words));
    }

    private static IEnumerable<string> Shells() => new[] { "/bin/sh", "/bin/bash", "/bin/zsh" }.Where(File.Exists);

    // What the program would be called with.
    private static async Task<string[]> WordsAsync(string shell, string line)
    {
        var start = new ProcessStartInfo(shell) { RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"alloc() {{ printf '%s\\0' \"$@\"; }}\n{line}\n");
        using var process = Process.Start(start)!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        var words = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.Equal(0, process.ExitCode);
        return words.Split('\0')[..^1];
    }
}
