using Alloc.Processors.Catalogue;

namespace Alloc.Cli.Monitoring;

/// <summary>What alerts must know of a class of mismatches: a row of the operations catalogue.</summary>
/// <param name="Id">The class, the label of its metrics.</param>
/// <param name="Owner">Who is told.</param>
/// <param name="Runbook">What to do about it: a URL, or a path from the root of the repository.</param>
internal sealed record WatchedClass(string Id, string Owner, string Runbook);

/// <summary>What alerts must know of an operations catalogue.</summary>
/// <param name="Stages">Its stages.</param>
/// <param name="Classes">Its classes of mismatches: all that there are.</param>
internal sealed record WatchedCatalogue(IReadOnlyList<WatchedStage> Stages, IReadOnlyList<WatchedClass> Classes)
{
    private const string Folder = "docs/runbooks/";
    private const string Ending = ".md";

    /// <summary>The one that is shipped.</summary>
    public static WatchedCatalogue Shipped { get; } = Of(OperationsCatalogue.Shipped);

    /// <summary>What is watched of a catalogue.</summary>
    public static WatchedCatalogue Of(OperationsCatalogue catalogue) => new(
        [.. catalogue.Stages.Select(s => new WatchedStage(s.Id, s.Owner, s.PageShare, s.Runbook))],
        [.. catalogue.Classes.Select(c => new WatchedClass(c.Class.ToString(), c.Owner, c.Runbook))]);

    /// <summary>
    /// The address that an alert names for a runbook: the page that an instance serves where it is one of ours, with
    /// the heading that it names; else what the catalogue says.
    /// </summary>
    /// <param name="pages">Where instances serve pages, without a slash at its end.</param>
    /// <param name="runbook">A URL, or a path from the root of the repository.</param>
    public static string AddressOf(string pages, string runbook)
    {
        if (!runbook.StartsWith(Folder, StringComparison.Ordinal))
        {
            return runbook;
        }
        var parts = runbook[Folder.Length..].Split('#', 2);
        var page = parts[0].EndsWith(Ending, StringComparison.Ordinal) ? parts[0][..^Ending.Length] : parts[0];
        return parts.Length == 1 ? $"{pages}/{page}" : $"{pages}/{page}#{parts[1]}";
    }
}
