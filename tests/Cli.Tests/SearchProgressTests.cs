using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Microsoft.Extensions.Time.Testing;

namespace Cli.Tests;

/// <summary>Progress of a search of the journal: for people who wait, and for nobody else.</summary>
public sealed class SearchProgressTests : IDisposable
{
    private readonly FakeTimeProvider clock = new();
    private readonly StringWriter error = new();

    [Fact]
    public void A_search_that_takes_a_moment_shows_nothing()
    {
        using (var progress = new SearchProgress(Host(isTerminal: true)))
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            progress.Show(10, 100);
        }

        Assert.Equal("", error.ToString());
    }

    [Fact]
    public void A_search_that_takes_longer_shows_how_far_it_is_and_takes_that_away()
    {
        using (var progress = new SearchProgress(Host(isTerminal: true)))
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            progress.Show(25, 100);
        }

        Assert.Contains("searching the journal", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("25/100 outcomes", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\r\u001b[2K", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_sees_no_progress()
    {
        using (var progress = new SearchProgress(Host(isTerminal: false)))
        {
            clock.Advance(TimeSpan.FromSeconds(60));
            progress.Show(25, 100);
        }

        Assert.Equal("", error.ToString());
    }

    public void Dispose() => error.Dispose();

    private CliHost Host(bool isTerminal) => new()
    {
        Out = TextWriter.Null,
        Error = error,
        In = TextReader.Null,
        ErrorIsTerminal = isTerminal,
        Time = clock,
    };
}
