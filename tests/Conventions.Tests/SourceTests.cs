namespace Conventions.Tests;

/// <summary>How code here reads, as far as a program can tell.</summary>
public sealed class SourceTests
{
    private const int MaximumLineCount = 500;
    private const int MaximumLineLength = 120;
    private static readonly string[] BannedNames = ["Utils", "Util", "Helper", "Helpers", "Impl", "Common"];

    [Fact]
    public void Files_are_short_enough_to_read()
    {
        var longFiles = Repository.Files("*.cs")
            .Select(f => (File: Repository.Relative(f), LineCount: File.ReadLines(f).Count()))
            .Where(f => f.LineCount > MaximumLineCount)
            .Select(f => $"{f.File} has {f.LineCount} lines, more than {MaximumLineCount}: split it");

        Assert.Empty(longFiles);
    }

    [Fact]
    public void Lines_fit_on_a_screen()
    {
        var longLines = Repository.Files("*.cs")
            .SelectMany(f => File.ReadLines(f)
                .Select((line, index) => (File: Repository.Relative(f), Number: index + 1, line.Length)))
            .Where(l => l.Length > MaximumLineLength)
            .Select(l => $"{l.File}:{l.Number} has {l.Length} characters, more than {MaximumLineLength}");

        Assert.Empty(longLines);
    }

    [Fact]
    public void Nothing_is_named_Utils_or_Helper()
    {
        var misnamed = Repository.Files("*.cs")
            .Where(f => BannedNames.Any(n => Path.GetFileNameWithoutExtension(f).EndsWith(n, StringComparison.Ordinal)))
            .Select(f => $"{Repository.Relative(f)}: name it after what it does");

        Assert.Empty(misnamed);
    }

    [Fact]
    public void Names_of_tests_are_sentences()
    {
        var terse = Repository.Files("*Tests.cs")
            .SelectMany(f => Methods(f).Select(m => (File: Repository.Relative(f), Method: m)))
            .Where(m => !m.Method.Contains('_', StringComparison.Ordinal))
            .Select(m => $"{m.File}: '{m.Method}' is not a sentence");

        Assert.Empty(terse);
    }

    /// <summary>
    /// A continuation that runs inline runs on the thread that completed it, and may then wait for that thread.
    /// </summary>
    [Fact]
    public void Completion_sources_run_their_continuations_elsewhere()
    {
        var creation = string.Concat("new TaskCompletion", "Source");
        var inline = Repository.Files("*.cs")
            .SelectMany(f => File.ReadLines(f)
                .Select((line, index) => (File: Repository.Relative(f), Number: index + 1, Text: line)))
            .Where(l => l.Text.Contains(creation, StringComparison.Ordinal)
                && !l.Text.Contains(
                    nameof(TaskCreationOptions.RunContinuationsAsynchronously), StringComparison.Ordinal))
            .Select(l => $"{l.File}:{l.Number} has no RunContinuationsAsynchronously");

        Assert.Empty(inline);
    }

    /// <summary>
    /// librdkafka 2.16 ends the process when one of these times out while Kafka is away and comes back (#4605, #3663).
    /// </summary>
    [Fact]
    public void Nobody_asks_the_Kafka_client_what_may_end_the_process()
    {
        string[] calls =
        [
            string.Concat("DescribeConsumerGroups", "Async("), string.Concat("ListConsumerGroupOffsets", "Async("),
            string.Concat("ListOffsets", "Async("),
        ];
        var asked = Repository.Files("*.cs")
            .SelectMany(f => File.ReadLines(f)
                .Select((line, index) => (File: Repository.Relative(f), Number: index + 1, Text: line)))
            .Where(l => calls.Any(c => l.Text.Contains(c, StringComparison.Ordinal)))
            .Select(l => $"{l.File}:{l.Number}: ask as KafkaLogAdmin does");

        Assert.Empty(asked);
    }

    [Fact]
    public void No_text_points_outside_the_repository()
    {
        string[] suffixes = [".md", ".cs", ".csproj", ".props", ".avsc", ".sh", "Makefile"];
        string[] forbidden = [string.Concat("/wo", "rk/"), string.Concat("/ro", "ot/")];
        var pointers = Repository.Files("*")
            .Where(f => suffixes.Any(s => f.EndsWith(s, StringComparison.Ordinal)))
            .SelectMany(f => File.ReadLines(f)
                .Select((line, index) => (File: Repository.Relative(f), Number: index + 1, Text: line)))
            .Where(l => forbidden.Any(word => l.Text.Contains(word, StringComparison.Ordinal)))
            .Select(l => $"{l.File}:{l.Number} names a path of one machine");

        Assert.Empty(pointers);
    }

    private static IEnumerable<string> Methods(string file)
    {
        var isTest = false;
        foreach (var line in File.ReadLines(file).Select(l => l.Trim()))
        {
            if (line.StartsWith("[Fact", StringComparison.Ordinal)
                || line.StartsWith("[Theory", StringComparison.Ordinal))
            {
                isTest = true;
            }
            else if (isTest && line.StartsWith("public ", StringComparison.Ordinal)
                && line.Contains('(', StringComparison.Ordinal))
            {
                yield return line[..line.IndexOf('(', StringComparison.Ordinal)].Split(' ')[^1];
                isTest = false;
            }
        }
    }
}
