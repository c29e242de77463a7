using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Catalogues;
using Alloc.Cli.Commands.Documents;
using Alloc.Cli.Monitoring;
using Alloc.Cli.Monitoring.Dashboards;
using Alloc.Cli.Monitoring.Rules;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Notation;

namespace Alloc.Cli.Commands.Generate;

/// <summary>
/// <c>alloc generate rules|dashboards</c>: files for other programs, written from what the product knows. Committed
/// ones are checked with <c>--check</c>.
/// </summary>
internal static class GenerateCommands
{
    private static readonly Option<string?> Directory = new("--to")
    {
        Description = "Folder to write to, or to check; made where it is missing",
        HelpName = "folder",
    };

    private static readonly Option<bool> Check = new("--check")
    {
        Description = "Write nothing; exit code 5 where a file in --to is not current",
    };

    private static readonly Option<string?> ThresholdsFile = new("--thresholds")
    {
        Description = "JSON file of values that differ from the shipped ones",
        HelpName = "file",
    };

    private static readonly Option<string?> CatalogueName = new("--catalogue")
    {
        Description = "The operations catalogue in force, YAML or JSON; the shipped one if not given",
        HelpName = "file",
    };

    public static Command Create() => new Command("generate", "Write files for other programs").With(
        new Command("rules", "Prometheus' recording and alerting rules")
            .Takes(Directory, Check, ThresholdsFile, CatalogueName)
            .Runs(context => Run(context, thresholds => new Dictionary<string, string>
            {
                [RulesFile.Name] = RulesFile.Write(thresholds, Watched(context)),
            })),
        new Command("dashboards", "Grafana's dashboards").Takes(Directory, Check, ThresholdsFile)
            .Runs(context => Run(context, DashboardFiles.Write)),
        new Command("thresholds", "The thresholds that are shipped, to take over what shall differ").Runs(context =>
        {
            context.Screen.Verbatim(Thresholds.ShippedText.TrimEnd());
            return ExitCode.Ok;
        }));

    private static int Run(CommandContext context, Func<Thresholds, IReadOnlyDictionary<string, string>> write)
    {
        var files = write(Thresholds.Read(context.Get(ThresholdsFile)));
        if (context.Get(Directory) is { } directory)
        {
            return context.Get(Check) ? Compare(context, directory, files) : Write(context, directory, files);
        }
        if (context.Get(Check) || files.Count > 1)
        {
            throw AllocException.Usage("--to is missing: the folder of the files.");
        }
        context.Screen.Verbatim(files.Values.Single().TrimEnd());
        return ExitCode.Ok;
    }

    /// <summary>What is watched of the catalogue that is given, or of the one that is shipped.</summary>
    private static WatchedCatalogue Watched(CommandContext context)
    {
        if (context.Get(CatalogueName) is not { } name)
        {
            return WatchedCatalogue.Shipped;
        }
        var file = new CatalogueFile(DocumentFile.Read(
            context, name, "catalogue", CatalogueReader.MaximumSize, "Write shorter texts."));
        var reading = file.Parse();
        return reading.Catalogue is { } catalogue
            ? WatchedCatalogue.Of(catalogue)
            : throw AllocException.Failed(
                reading.Errors[0].Show(name),
                ShellLine.Of("alloc catalogue validate", name) + " shows everything that is wrong.");
    }

    private static int Write(CommandContext context, string directory, IReadOnlyDictionary<string, string> files)
    {
        System.IO.Directory.CreateDirectory(directory);
        foreach (var (name, text) in files)
        {
            File.WriteAllText(Path.Combine(directory, name), text, new UTF8Encoding(false));
        }
        Answer(context, files.Keys.Select(name => (name, "written")));
        return ExitCode.Ok;
    }

    private static int Compare(CommandContext context, string directory, IReadOnlyDictionary<string, string> files)
    {
        var states = files.Select(f => (f.Key, State: StateOf(Path.Combine(directory, f.Key), f.Value))).ToList();
        Answer(context, states);
        if (states.All(s => s.State == "current"))
        {
            return ExitCode.Ok;
        }
        context.Screen.Warn($"Files in {directory} are not current; the same command without --check writes them.");
        return ExitCode.Mismatch;
    }

    private static string StateOf(string path, string text) =>
        !File.Exists(path) ? "missing" : File.ReadAllText(path) == text ? "current" : "stale";

    private static void Answer(CommandContext context, IEnumerable<(string Name, string State)> files) =>
        context.Screen.Rows(
            [.. files.Select(f => new JsonObject { ["file"] = f.Name, ["state"] = f.State })],
            Column.Text("FILE", "file"),
            Column.Text("STATE", "state"));
}
