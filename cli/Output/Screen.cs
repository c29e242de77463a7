using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Processors.Notation;
using Spectre.Console;

namespace Alloc.Cli.Output;

/// <summary>
/// Where a command's words go: data to standard output in the chosen format; notes, progress and questions to standard
/// error, and only where a person sees them.
/// </summary>
internal sealed class Screen
{
    private const int UnlimitedWidth = 10_000;

    /// <summary>Cells that a sentence in the last column gets at least.</summary>
    private const int LeastSentence = 30;

    private readonly CliHost host;
    private readonly Lazy<IAnsiConsole> data;
    private readonly Lazy<IAnsiConsole> aside;

    public Screen(CliHost host, OutputFormat format)
    {
        this.host = host;
        Format = format;
        data = new Lazy<IAnsiConsole>(() => Console(host.Out, host.OutIsTerminal));
        aside = new Lazy<IAnsiConsole>(() => Console(host.Error, host.ErrorIsTerminal));
    }

    public OutputFormat Format { get; }

    /// <summary>True when people read the data: not JSON, not nothing.</summary>
    public bool IsTable => Format == OutputFormat.Table;

    /// <summary>True when standard error is a terminal: progress may be drawn and questions asked.</summary>
    public bool IsInteractive => host.ErrorIsTerminal;

    /// <summary>Standard output, for what people read.</summary>
    public IAnsiConsole Data => data.Value;

    /// <summary>Standard error, for progress.</summary>
    public IAnsiConsole Aside => aside.Value;

    /// <summary>Rows that are all known: a table, a JSON array, or a line of JSON each.</summary>
    public void Rows(IReadOnlyCollection<JsonObject> rows, params Column[] columns)
    {
        switch (Format)
        {
            case OutputFormat.Table:
                Table(rows, columns);
                break;
            case OutputFormat.Json:
                host.Out.WriteLine(JsonText.Pretty(new JsonArray([.. rows.Select(r => r.DeepClone())])));
                break;
            case OutputFormat.Jsonl:
                foreach (var row in rows)
                {
                    host.Out.WriteLine(JsonText.Line(row));
                }
                break;
        }
    }

    /// <summary>One thing: what <paramref name="human"/> writes, or one JSON object.</summary>
    public void One(JsonNode value, Action<IAnsiConsole> human)
    {
        switch (Format)
        {
            case OutputFormat.Table:
                human(Data);
                break;
            case OutputFormat.Json:
                host.Out.WriteLine(JsonText.Pretty(value));
                break;
            case OutputFormat.Jsonl:
                host.Out.WriteLine(JsonText.Line(value));
                break;
        }
    }

    /// <summary>
    /// One record of a stream that may never end: flushed at once, a line of JSON in both JSON formats.
    /// </summary>
    public void Next(Func<JsonNode> value, Action<IAnsiConsole> human)
    {
        if (Format == OutputFormat.Table)
        {
            human(Data);
        }
        else if (Format != OutputFormat.None)
        {
            host.Out.WriteLine(JsonText.Line(value()));
        }
        host.Out.Flush();
    }

    /// <summary>Text as it is (a description, a script), whatever the format; nothing for none.</summary>
    public void Verbatim(string text)
    {
        if (Format != OutputFormat.None)
        {
            host.Out.WriteLine(text);
        }
    }

    /// <summary>A remark for the person at the terminal; scripts never see it.</summary>
    public void Note(string text)
    {
        if (IsInteractive)
        {
            Aside.MarkupLine($"[dim]{Markup.Escape(text)}[/]");
        }
    }

    /// <summary>What must be known wherever standard error goes.</summary>
    public void Warn(string text) => host.Error.WriteLine($"alloc: {text}");

    private void Table(IReadOnlyCollection<JsonObject> rows, Column[] columns)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in columns)
        {
            var last = ReferenceEquals(column, columns[^1]);
            table.AddColumn(new TableColumn(new Markup($"[bold]{Markup.Escape(column.Heading)}[/]"))
            {
                Alignment = column.IsNumber ? Justify.Right : Justify.Left,
                NoWrap = !last,
                Padding = new Padding(0, 0, last ? 0 : 2, 0),
            });
        }
        var cells = rows.Select(r => columns.Select(c => TableText.Visible(c.Value(r))).ToArray()).ToList();
        var widths = host.OutIsTerminal ? Widths(columns, cells) : null;
        foreach (var (row, texts) in rows.Zip(cells))
        {
            table.AddRow(columns.Select((c, i) => Cell(
                c, row, widths is null || Wraps(i, texts[i]) ? texts[i] : TableText.Shorten(texts[i], widths[i])))
                .ToArray());
        }
        var width = Data.Profile.Width;
        if (widths is not null)
        {
            // Where even that is too much, the terminal breaks lines; nothing is left out.
            Data.Profile.Width = Math.Max(width, TableText.Total(widths));
        }
        Data.Write(table);
        Data.Profile.Width = width;

        bool Wraps(int column, string text) => column == columns.Length - 1 && TableText.IsSentence(text);
    }

    // A sentence in the last column wraps; a time and a number are whole or nothing.
    private int[] Widths(Column[] columns, List<string[]> cells) => TableText.Fit(
        [.. columns.Select((c, i) => cells
            .Select(r => i == columns.Length - 1 && TableText.IsSentence(r[i])
                ? Math.Min(TableText.Width(r[i]), LeastSentence) : TableText.Width(r[i]))
            .Append(TableText.Width(c.Heading)).Max())],
        [.. columns.Select((c, i) => !c.IsNumber && !cells.Any(r => TimeText.TryRead(r[i], out _, out var _)))],
        Data.Profile.Width);

    private static Markup Cell(Column column, JsonObject row, string text)
    {
        var escaped = Markup.Escape(text);
        return new Markup(column.Style(row) is { } style ? $"[{style}]{escaped}[/]" : escaped);
    }

    private IAnsiConsole Console(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal && host.Environment("TERM") != "dumb" ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isTerminal && host.Colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        });
        console.Profile.Capabilities.Unicode = true;
        if (!isTerminal)
        {
            console.Profile.Width = UnlimitedWidth;
        }
        else if (host.TerminalWidth is { } width)
        {
            console.Profile.Width = width;
        }
        return console;
    }
}
