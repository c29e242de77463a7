using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.Policy.Document;
using Spectre.Console;

namespace Alloc.Cli.Commands.Policies;

/// <summary>A policy in a file, as its owner wrote it.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Text">What is in it.</param>
/// <param name="Unreadable">Why it is no text; null: it is one.</param>
internal sealed record PolicyFile(string Name, string Text, PolicyProblem? Unreadable = null)
{
    public static readonly Argument<string> Argument = new("file")
    {
        Description = "The policy, YAML or JSON; - reads standard input",
    };

    public static PolicyFile Read(CommandContext context, string name)
    {
        if (name == "-")
        {
            return new PolicyFile("policy", context.Host.In.ReadToEnd());
        }
        if (!File.Exists(name))
        {
            throw AllocException.NotFound($"There is no file {name}.");
        }
        if (new FileInfo(name).Length > 4 * PolicyDocument.MaximumSize)
        {
            throw AllocException.Failed(
                $"{name} is larger than {PolicyDocument.MaximumSize} bytes.", "Merge rows by patterns.");
        }
        var bytes = File.ReadAllBytes(name);
        try
        {
            return new PolicyFile(name, new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }
        catch (DecoderFallbackException error)
        {
            return new PolicyFile(name, "", NoText(bytes.AsSpan(0, error.Index)));
        }
    }

    public PolicyReading Parse(AllocationPolicy? previous = null) => Unreadable is { } problem
        ? new PolicyReading(null, [problem], [])
        : PolicyDocument.ParseAny(Text, previous);

    /// <summary>What the check of the file gave, as data.</summary>
    public JsonObject Json(PolicyReading reading) => new()
    {
        ["file"] = Name,
        ["valid"] = reading.Policy is not null,
        ["version"] = reading.Policy?.Version,
        ["contentHash"] = reading.Policy is { } policy ? PolicyDocument.HashOf(policy) : null,
        ["rows"] = reading.Policy is { } valid ? Rows(valid) : null,
        ["errors"] = Problems(reading.Errors),
        ["notes"] = Problems(reading.Notes),
    };

    /// <summary>The same for people.</summary>
    public void Show(IAnsiConsole console, PolicyReading reading)
    {
        foreach (var error in reading.Errors)
        {
            console.MarkupLine($"[red]error[/]  {Markup.Escape(error.Show(Name))}");
        }
        foreach (var note in reading.Notes)
        {
            console.MarkupLine($"[dim]note[/]   {Markup.Escape(note.Show(Name))}");
        }
        if (reading.Policy is { } policy)
        {
            console.MarkupLine(
                $"[green]{Markup.Escape(Name)} is valid[/]: version {policy.Version}, {policy.Classes.Count} classes, "
                + $"{Rows(policy)} rows, hash {PolicyDocument.HashOf(policy)[..12]}");
        }
        else
        {
            console.MarkupLine($"[red]{Markup.Escape(Name)} is not valid[/]: {reading.Errors.Count} "
                + (reading.Errors.Count == 1 ? "error" : "errors"));
        }
    }

    private static PolicyProblem NoText(ReadOnlySpan<byte> before)
    {
        var lineStart = before.LastIndexOf((byte)'\n') + 1;
        return new PolicyProblem(
            before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[lineStart..]) + 1, "", null,
            "The bytes from here on are no UTF-8 text.", "Save the file as UTF-8.");
    }

    private static int Rows(AllocationPolicy policy) =>
        policy.ClassTable.Count + policy.TtlTable.Count + policy.ConductTable.Count + policy.ImportanceTable.Count
        + policy.OverbookingTable.Count + policy.ProtectionTable.Count + policy.QuotaTable.Count
        + policy.PreemptionTable.Count + policy.WaitlistTable.Count + policy.DeficitTable.Count
        + policy.ModeTable.Count;

    private static JsonArray Problems(IReadOnlyList<PolicyProblem> problems) =>
        [.. problems.Select(problem => (JsonNode)new JsonObject
        {
            ["line"] = problem.Line,
            ["column"] = problem.Column,
            ["path"] = problem.Path,
            ["value"] = problem.Value,
            ["message"] = problem.Message,
            ["remedy"] = problem.Remedy,
        })];
}
