using Spectre.Console;

namespace Alloc.Cli.Output;

/// <summary>What a server says when it is ready: where everything is, and what to try next.</summary>
internal sealed class Banner(string title)
{
    private readonly List<(string Name, string Value, string? Remark)> lines = [];

    public Banner Line(string name, string value, string? remark = null)
    {
        lines.Add((name, value, remark));
        return this;
    }

    public void Write(Screen screen, TimeSpan ready, string? next)
    {
        var console = screen.Data;
        console.MarkupLine($"[bold]{Markup.Escape(title)}[/]");
        foreach (var (name, value, remark) in lines)
        {
            var text = $"{Markup.Escape(name.PadRight(11))} {Markup.Escape(value)}";
            console.MarkupLine(remark is null ? text : $"{text.PadRight(33)} [dim]{Markup.Escape(remark)}[/]");
        }
        console.MarkupLine(
            $"[green]Ready[/] in {ready.TotalSeconds:0.0} s." + (next is null
                ? ""
                : $" Try:  [bold]{Markup.Escape(next)}[/]"));
    }
}
