using System.Text.RegularExpressions;

namespace Conventions.Tests;

/// <summary>The checklist in docs/engine.md names sources and tests for its lines; both must exist.</summary>
public sealed partial class EngineChecklistTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "engine.md"));

    [Fact]
    public void Tests_that_the_checklist_names_exist()
    {
        var sources = Repository.Files("*Tests.cs")
            .ToLookup(f => Path.GetFileNameWithoutExtension(f), File.ReadAllText);
        var named = TestName().Matches(Document)
            .Select(m => (Class: m.Groups[1].Value, Method: m.Groups[2].Value)).Distinct().ToList();
        var missing = named.Where(n => !sources[n.Class].Any(s => Regex.IsMatch(s, $@"\b{n.Method}\(")))
            .Select(n => $"docs/engine.md names {n.Class}.{n.Method}, which is not there");

        Assert.True(named.Count > 50, $"only {named.Count} tests are named");
        Assert.Empty(missing);
    }

    [Fact]
    public void Sources_that_the_checklist_names_exist()
    {
        var engine = Repository.Files("*.cs")
            .Select(f => Path.GetFileNameWithoutExtension(f)).ToHashSet(StringComparer.Ordinal);
        var missing = Rows().SelectMany(row => SourceName().Matches(row[2]).Select(m => m.Groups[1].Value))
            .Where(name => !engine.Contains(name)).Select(name => $"docs/engine.md names {name}, which no file has");

        Assert.Empty(missing);
    }

    [Fact]
    public void Every_line_of_the_checklist_has_a_test_or_says_why_not()
    {
        var unproven = Rows()
            .Where(row => !TestName().IsMatch(row[3]) && !row[3].Contains("no test:", StringComparison.Ordinal))
            .Select(row => $"'{row[1].Trim()}' has neither a test nor a reason ('no test: …')");

        Assert.Empty(unproven);
    }

    private static IEnumerable<string[]> Rows() => Document.Split('\n')
        .Where(l => l.StartsWith("| ", StringComparison.Ordinal) && !l.StartsWith("| ---", StringComparison.Ordinal))
        .Select(l => l.Split('|')).Where(r => r.Length >= 5 && r[1].Trim() != "line");

    [GeneratedRegex(@"`([A-Z]\w+Tests)\.([A-Z]\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"`([A-Z]\w+)`")]
    private static partial Regex SourceName();
}
