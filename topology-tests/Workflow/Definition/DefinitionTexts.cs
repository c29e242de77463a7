using System.Runtime.CompilerServices;
using Alloc.Processors.Workflow.Definition;

namespace Topology.Tests.Workflow.Definition;

/// <summary>Documents that tests begin with.</summary>
internal static class DefinitionTexts
{
    /// <summary>
    /// One segment, a limit for every step and nothing else: 13 lines, so that what a test adds begins at line 14.
    /// </summary>
    public const string Smallest = """
        # One segment, and a limit for every step
        version: 2
        segments:
          - {id: all, steps: [hold, fraud, authorise, confirm, fulfil]}
        limits:
          - {step: hold, within: 2m, then: cancel}
          - {step: fraud, within: 15m, then: cancel}
          - {step: review, within: 4h, then: cancel}
          - {step: authorise, within: 3m, then: cancel}
          - {step: confirm, within: 30s, then: cancel}
          - {step: fulfil, within: 3d, then: exception}
          - {step: stop, within: 1h, then: release}
          - {step: return, within: 30d, then: exception}

        """;

    private const string All = "  - {id: all, steps: [hold, fraud, authorise, confirm, fulfil]}\n";

    /// <summary>The smallest document with a segment before its only one: it stands in line 4.</summary>
    public static string WithSegment(string row) =>
        Smallest.Replace(All, $"  - {row}\n{All}", StringComparison.Ordinal);

    /// <summary>The smallest document with another segment instead of its only one: it stands in line 4.</summary>
    public static string WithOnlySegment(string row) =>
        Smallest.Replace(All, $"  - {row}\n", StringComparison.Ordinal);

    /// <summary>The smallest document with another limit of a step, or none.</summary>
    public static string WithLimit(string step, string? row)
    {
        var lines = Smallest.Split('\n');
        var at = Array.FindIndex(lines, line => line.StartsWith($"  - {{step: {step},", StringComparison.Ordinal));
        return string.Join('\n', row is null ? lines.Where((_, index) => index != at)
            : lines.Select((line, index) => index == at ? $"  - {row}" : line));
    }

    public static WorkflowDefinition Read(string text)
    {
        var reading = DefinitionReader.ParseAny(text);
        Assert.Empty(reading.Errors.Select(error => error.ToString()));
        return reading.Definition!;
    }

    public static IEnumerable<string> ErrorsOf(string text, long? groupRevocableMs = null)
    {
        var reading = DefinitionReader.ParseAny(text, previous: null, groupRevocableMs);
        Assert.Equal(reading.Errors.Count > 0, reading.Definition is null);
        return reading.Errors.Select(error => error.ToString());
    }

    public static IEnumerable<string> NotesOf(string text, WorkflowDefinition? previous = null)
    {
        var reading = DefinitionReader.ParseAny(text, previous);
        Assert.Empty(reading.Errors.Select(error => error.ToString()));
        return reading.Notes.Select(note => note.ToString());
    }

    /// <summary>A file of the repository.</summary>
    public static string File(string path, [CallerFilePath] string here = "") =>
        System.IO.File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../..", path));
}
