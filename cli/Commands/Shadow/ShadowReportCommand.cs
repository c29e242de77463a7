using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Host.Shadow;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands.Shadow;

/// <summary>
/// <c>alloc shadow report</c>: what the shadow decided, and how that compares with what the log knows.
/// </summary>
internal static class ShadowReportCommand
{
    private static readonly Option<string> Pool = new("--pool")
    {
        Description = "Only pools that begin so",
        DefaultValueFactory = _ => "",
        HelpName = "prefix",
    };

    private static readonly Option<int> Examples = new Option<int>("--examples", "-n")
    {
        Description = "How many differences to show",
        DefaultValueFactory = _ => 10,
        HelpName = "count",
    }.Within(0);

    public static Command Create() =>
        new Command("report", "Compare what the shadow decided with what the log has of the other system")
            .Takes(Pool, Examples).TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var progress = new ProgressLine(context.Host, "records");
        using var journals = new ShadowJournals(settings, registry)
        {
            OnProgress = (what, done, total) => progress.Show(what, done, total),
        };
        var comparison = new ShadowComparison(
            context.Get(Examples), hasAllPools: context.Get(Pool).Length == 0);
        try
        {
            await Task.Run(
                () => journals.Compare(context.Get(Pool), comparison, cancellation), CancellationToken.None)
                .ConfigureAwait(false);
        }
        finally
        {
            progress.Clear();
        }
        if (comparison.Decided == 0)
        {
            context.Screen.Warn(
                "The shadow decided nothing here. It needs an instance with --shadow, and a slice in mode shadow.");
        }
        context.Screen.One(Json(context.Get(Pool), comparison), console => Show(context, console, comparison));
        return ExitCode.Ok;
    }

    private static JsonObject Json(string prefix, ShadowComparison comparison) => new()
    {
        ["pools"] = prefix,
        ["decided"] = comparison.Decided,
        ["match"] = Count(comparison, ShadowResult.Match),
        ["unclassified"] = Count(comparison, ShadowResult.Unclassified),
        ["notOnLog"] = Count(comparison, ShadowResult.NotOnLog),
        ["decisions"] = new JsonArray([.. Decisions(comparison)]),
        ["granted"] = new JsonArray([.. Granted(comparison)]),
        ["examples"] = new JsonArray([.. Differences(comparison)]),
    };

    private static void Show(CommandContext context, IAnsiConsole console, ShadowComparison comparison)
    {
        console.MarkupLine(
            $"[bold]{comparison.Decided:N0} commands decided by the shadow[/]: "
            + $"{Count(comparison, ShadowResult.Match):N0} match, "
            + $"{Count(comparison, ShadowResult.Unclassified):N0} differ, "
            + $"{Count(comparison, ShadowResult.NotOnLog):N0} whose other decision is not on the log");
        Section(context, console, Decisions(comparison), Column.Text("COMMAND", "command"),
            Column.Text("SHADOW", "shadow"), Column.Text("RESULT", "result"), Column.Number("COUNT", "count"));
        Section(context, console, Granted(comparison), Column.Text("GRANTED BY THE OTHER SYSTEM", "evidence"),
            Column.Text("RESULT", "result"), Column.Number("COUNT", "count"));
        Section(context, console, Differences(comparison), Column.Text("POOL", "poolId"), Column.Text("WHAT", "what"),
            Column.Text("ID", "id"), Column.Text("RECORDED", "recorded"), Column.Text("SHADOW", "shadow"));
    }

    private static void Section(
        CommandContext context, IAnsiConsole console, List<JsonObject> rows, params Column[] columns)
    {
        if (rows.Count > 0)
        {
            console.WriteLine();
            context.Screen.Rows(rows, columns);
        }
    }

    private static int Count(ShadowComparison comparison, ShadowResult result) =>
        comparison.Rows.Where(r => r.Key.Result == result).Sum(r => r.Value);

    private static List<JsonObject> Decisions(ShadowComparison comparison) =>
    [
        .. comparison.Rows.Select(row => new JsonObject
        {
            ["command"] = row.Key.Command,
            ["shadow"] = row.Key.Shadow,
            ["result"] = row.Key.Result.ToString(),
            ["count"] = row.Value,
        }),
    ];

    private static List<JsonObject> Granted(ShadowComparison comparison) =>
    [
        .. comparison.Evidence.Select(entry => new JsonObject
        {
            ["evidence"] = entry.Key.Evidence,
            ["result"] = entry.Key.Result.ToString(),
            ["count"] = entry.Value,
        }),
    ];

    private static List<JsonObject> Differences(ShadowComparison comparison) =>
    [
        .. comparison.Examples.Select(example => new JsonObject
        {
            ["poolId"] = example.PoolId,
            ["what"] = example.What,
            ["id"] = example.Id,
            ["t"] = AvroJson.Time(example.TMs),
            ["recorded"] = example.Recorded,
            ["shadow"] = example.Shadow,
        }),
    ];
}
