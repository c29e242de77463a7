using System.Runtime.CompilerServices;
using Alloc.Processors.Catalogue;

namespace Topology.Tests.Catalogue;

/// <summary>Documents that tests begin with.</summary>
internal static class CatalogueTexts
{
    /// <summary>Two stages and nothing else: five lines, so that what a test adds begins at line 6.</summary>
    public const string Smallest = """
        # Two stages and nothing else
        version: 1
        stages:
          - {id: Waiting, sla: 1m, customerState: Received, owner: orders, runbook: docs/wait.md}
          - {id: Packing, after: [Waiting], sla: 1h, customerState: ReadyToShip, owner: warehouse, runbook: docs/p.md}

        """;

    public static OperationsCatalogue Read(string text)
    {
        var reading = CatalogueReader.ParseAny(text);
        Assert.Empty(reading.Errors);
        return reading.Catalogue!;
    }

    /// <summary>The errors of the smallest document with more lines at its end.</summary>
    public static IEnumerable<string> ErrorsWith(string more) => ErrorsOf(Smallest + more);

    public static IEnumerable<string> ErrorsOf(string text)
    {
        var reading = CatalogueReader.ParseAny(text);
        Assert.Equal(reading.Errors.Count > 0, reading.Catalogue is null);
        return reading.Errors.Select(error => error.ToString());
    }

    public static IEnumerable<string> NotesOf(string text, OperationsCatalogue? previous = null)
    {
        var reading = CatalogueReader.ParseAny(text, previous);
        Assert.Empty(reading.Errors);
        return reading.Notes.Select(note => note.ToString());
    }

    /// <summary>Where the repository is.</summary>
    public static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
