using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Processors.Documents;
using Spectre.Console;

namespace Alloc.Cli.Commands.Documents;

/// <summary>A document in a file, as its owner wrote it.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Text">What is in it.</param>
/// <param name="Unreadable">Why it is no text; null: it is one.</param>
internal sealed record DocumentFile(string Name, string Text, DocumentProblem? Unreadable = null)
{
    /// <summary>Reads a file.</summary>
    /// <param name="context">The command.</param>
    /// <param name="name">The file; <c>-</c> is standard input.</param>
    /// <param name="kind">What kind of document it is, in a word.</param>
    /// <param name="maximumSize">Longest document, in bytes.</param>
    /// <param name="sizeRemedy">What to do about a longer one.</param>
    public static DocumentFile Read(
        CommandContext context, string name, string kind, int maximumSize, string sizeRemedy)
    {
        if (name == "-")
        {
            return new DocumentFile(kind, context.Host.In.ReadToEnd());
        }
        if (!File.Exists(name))
        {
            throw AllocException.NotFound($"There is no file {name}.");
        }
        if (new FileInfo(name).Length > 4L * maximumSize)
        {
            throw AllocException.Failed($"{name} is larger than {maximumSize} bytes.", sizeRemedy);
        }
        var bytes = File.ReadAllBytes(name);
        try
        {
            return new DocumentFile(name, new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }
        catch (DecoderFallbackException error)
        {
            return new DocumentFile(name, "", NoText(bytes.AsSpan(0, error.Index)));
        }
    }

    /// <summary>Problems as data.</summary>
    public static JsonArray Problems(IReadOnlyList<DocumentProblem> problems) =>
        [.. problems.Select(problem => (JsonNode)new JsonObject
        {
            ["line"] = problem.Line,
            ["column"] = problem.Column,
            ["path"] = problem.Path,
            ["value"] = problem.Value,
            ["message"] = problem.Message,
            ["remedy"] = problem.Remedy,
        })];

    /// <summary>What the check of the file gave, for people.</summary>
    /// <param name="console">Where.</param>
    /// <param name="errors">What is wrong.</param>
    /// <param name="notes">What is right and still worth knowing.</param>
    /// <param name="valid">What it is where it is valid; null: it is not.</param>
    public void Show(
        IAnsiConsole console, IReadOnlyList<DocumentProblem> errors, IReadOnlyList<DocumentProblem> notes,
        string? valid)
    {
        foreach (var error in errors)
        {
            console.MarkupLine($"[red]error[/]  {Markup.Escape(error.Show(Name))}");
        }
        foreach (var note in notes)
        {
            console.MarkupLine($"[dim]note[/]   {Markup.Escape(note.Show(Name))}");
        }
        console.MarkupLine(valid is not null
            ? $"[green]{Markup.Escape(Name)} is valid[/]: {Markup.Escape(valid)}"
            : $"[red]{Markup.Escape(Name)} is not valid[/]: {errors.Count} "
                + (errors.Count == 1 ? "error" : "errors"));
    }

    private static DocumentProblem NoText(ReadOnlySpan<byte> before)
    {
        var lineStart = before.LastIndexOf((byte)'\n') + 1;
        return new DocumentProblem(
            before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[lineStart..]) + 1, "", null,
            "The bytes from here on are no UTF-8 text.", "Save the file as UTF-8.");
    }
}
