using Spectre.Console;

namespace Alloc.Cli.Output;

/// <summary>One labelled line of a block.</summary>
internal static class Fields
{
    private const int LabelWidth = 10;

    public static void Write(IAnsiConsole console, string label, string text) =>
        console.MarkupLine(
            $"  [dim]{Markup.Escape(label.PadRight(LabelWidth))}[/] {Markup.Escape(TableText.Visible(text))}");
}
