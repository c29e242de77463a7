using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Output;

/// <summary>One line at the bottom of a terminal that is rewritten in place; other lines go above it.</summary>
internal sealed class StatusLine(CliHost host)
{
    private const string Erase = "\r\u001b[2K";
    private readonly Lock gate = new();
    private string current = "";

    /// <summary>Replaces the line; cut to the terminal's width so that it never wraps.</summary>
    public void Show(string text)
    {
        lock (gate)
        {
            current = text.Length <= Width ? text : text[..(Width - 1)] + "…";
            host.Error.Write(Erase + current);
        }
    }

    /// <summary>Writes a line that stays.</summary>
    public void Above(string line)
    {
        lock (gate)
        {
            host.Error.Write(Erase + line + Environment.NewLine + current);
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        lock (gate)
        {
            if (current.Length > 0)
            {
                host.Error.Write(Erase);
                current = "";
            }
        }
    }

    private static int Width => Console.WindowWidth > 10 ? Console.WindowWidth - 1 : 79;
}
