using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Documents;
using Alloc.Processors.Allocation.Policy;
using Spectre.Console;

namespace Alloc.Cli.Commands.Policies;

/// <summary>A policy in a file.</summary>
internal sealed record PolicyFile(DocumentFile Source)
{
    public static readonly Argument<string> Argument = new("file")
    {
        Description = "The policy, YAML or JSON; - reads standard input",
    };

    public static PolicyFile Read(CommandContext context, string name) => new(DocumentFile.Read(
        context, name, "policy", PolicyDocument.MaximumSize, "Merge rows by patterns."));

    public PolicyReading Parse(AllocationPolicy? previous = null) => Source.Unreadable is { } problem
        ? new PolicyReading(null, [problem], [])
        : PolicyDocument.ParseAny(Source.Text, previous);

    /// <summary>What the check of the file gave, as data.</summary>
    public JsonObject Json(PolicyReading reading) => new()
    {
        ["file"] = Source.Name,
        ["valid"] = reading.Policy is not null,
        ["version"] = reading.Policy?.Version,
        ["contentHash"] = reading.Policy is { } policy ? PolicyDocument.HashOf(policy) : null,
        ["rows"] = reading.Policy is { } valid ? Rows(valid) : null,
        ["errors"] = DocumentFile.Problems(reading.Errors),
        ["notes"] = DocumentFile.Problems(reading.Notes),
    };

    /// <summary>The same for people.</summary>
    public void Show(IAnsiConsole console, PolicyReading reading) => Source.Show(
        console, reading.Errors, reading.Notes, reading.Policy is not { } policy ? null
            : $"version {policy.Version}, {policy.Classes.Count} classes, {Rows(policy)} rows, "
                + $"hash {PolicyDocument.HashOf(policy)[..12]}");

    private static int Rows(AllocationPolicy policy) =>
        policy.ClassTable.Count + policy.TtlTable.Count + policy.ConductTable.Count + policy.ImportanceTable.Count
        + policy.OverbookingTable.Count + policy.ProtectionTable.Count + policy.QuotaTable.Count
        + policy.PreemptionTable.Count + policy.WaitlistTable.Count + policy.DeficitTable.Count
        + policy.ModeTable.Count;
}
