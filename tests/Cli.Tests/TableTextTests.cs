using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Cli.Tests;

/// <summary>Tables with long ids: readable on a terminal, whole everywhere else.</summary>
public sealed class TableTextTests
{
    private static readonly string Long = new string('a', 128) + new string('z', 128);

    private static readonly Column[] Columns =
    [
        Column.Text("POOL", "pool"), Column.Text("AT", "at"), Column.Number("UNITS", "units"),
        Column.Text("OUTCOME", "outcome"),
    ];

    private static readonly JsonObject[] Rows =
    [
        new()
        {
            ["pool"] = Long,
            ["at"] = "2027-03-28T18:00:00.000Z",
            ["units"] = 1_234_567_890_123,
            ["outcome"] = $"{Long}#1",
        },
        new() { ["pool"] = "short", ["at"] = "2027-03-28T18:00:01.000Z", ["units"] = 2, ["outcome"] = "short#1" },
    ];

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(200)]
    public void On_a_terminal_a_long_id_loses_its_middle_and_nothing_else_is_lost(int width)
    {
        var lines = Show(OutputFormat.Table, width).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.InRange(TableText.Width(line.TrimEnd()), 1, width));
        Assert.Matches("^a+…z+  2027-03-28T18:00:00.000Z  1234567890123  a+…z*#1", lines[1]);
        Assert.Matches("^short +2027-03-28T18:00:01.000Z +2  short#1", lines[2]);
    }

    [Fact]
    public void On_a_terminal_that_is_too_narrow_for_that_no_column_is_left_out()
    {
        var lines = Show(OutputFormat.Table, 40).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        Assert.Matches("^POOL +AT +UNITS +OUTCOME", lines[0]);
        Assert.Matches("^aaaaaa…zzzzzz  2027-03-28T18:00:00.000Z  1234567890123  aaaaaa…zzzz#1", lines[1]);
    }

    [Fact]
    public void In_a_pipe_and_in_json_an_id_is_whole()
    {
        Assert.Contains($"{Long}#1", Show(OutputFormat.Table, null), StringComparison.Ordinal);
        Assert.Contains($"{Long}#1", Show(OutputFormat.Json, 80), StringComparison.Ordinal);
        Assert.Contains($"{Long}#1", Show(OutputFormat.Jsonl, 80), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_that_fits_is_left_alone()
    {
        JsonObject[] rows = [new() { ["pool"] = "seats-A", ["at"] = "-", ["units"] = 5, ["outcome"] = "seats-A#12" }];

        Assert.Equal(Show(OutputFormat.Table, null, rows), Show(OutputFormat.Table, 80, rows));
    }

    [Theory]
    [InlineData("abcdefghij", 10, "abcdefghij")]
    [InlineData("abcdefghij", 9, "abcd…ghij")]
    [InlineData("abcdefghij", 4, "ab…j")]
    [InlineData("日本日本日本", 6, "日…本")]
    [InlineData("日本日本日本", 7, "日本…本")]
    public void A_text_is_shortened_in_the_middle_by_cells(string text, int cells, string expected)
    {
        var shortened = TableText.Shorten(text, cells);

        Assert.Equal(expected, shortened);
        Assert.InRange(TableText.Width(shortened), 1, cells);
    }

    [Theory]
    [InlineData("a\tb", "a\\u0009b")]
    [InlineData("a\u001b[31mb", "a\\u001B[31mb")]
    [InlineData("a\u009b31mb", "a\\u009B31mb")]
    [InlineData("a\u202eb", "a\\u202Eb")]
    [InlineData("日本 ä 😀", "日本 ä 😀")]
    public void What_a_terminal_would_obey_is_shown_instead(string text, string expected) =>
        Assert.Equal(expected, TableText.Visible(text));

    private static string Show(OutputFormat format, int? terminal, JsonObject[]? rows = null)
    {
        using var output = new StringWriter();
        var screen = new Screen(
            new CliHost
            {
                Out = output,
                Error = TextWriter.Null,
                In = TextReader.Null,
                OutIsTerminal = terminal is not null,
                TerminalWidth = terminal,
                Environment = name => name == "TERM" ? "dumb" : null,
            },
            format);
        screen.Rows(rows ?? Rows, Columns);
        return output.ToString();
    }
}
