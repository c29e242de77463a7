using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Slices;
using Alloc.Cli.Output;
using Alloc.Client;

namespace Alloc.Cli.Commands.Backlog;

/// <summary>
/// <c>alloc backlog [--by stage|pool|partition] [--at-risk] [--watch]</c>: what waits, how old it is, which promises
/// are at risk.
/// </summary>
internal static class BacklogCommand
{
    private enum Grouping
    {
        Stage,
        Pool,
        Partition,
    }

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    private static readonly Option<Grouping> By = Choice.Of<Option<Grouping>, Grouping>(
        new Option<Grouping>("--by") { Description = "A row for each stage, hot pool, or partition" }, Grouping.Stage);

    private static readonly Option<bool> AtRisk = new("--at-risk")
    {
        Description = "Holds by name that expire before it is their turn, the first to expire first",
    };

    private static readonly Option<string?> Stage = new("--stage")
    {
        Description = "Only this stage",
        HelpName = "stage",
    };

    private static readonly Option<int> Limit = new Option<int>("--limit")
    {
        Description = "Most holds that are listed",
        HelpName = "count",
        DefaultValueFactory = _ => 100,
    }.Within(1, 10_000);

    private static readonly Option<bool> Watch = new("--watch", "-w")
    {
        Description = "Again every second, until stopped",
    };

    public static Command Create()
    {
        var command = new Command("backlog", "What waits, how old it is, which promises are at risk")
            .Takes(By, AtRisk, Stage, Limit, Watch).TalksToConsole().Takes(ClientOptions.Timeout).Runs(RunAsync);
        command.Validators.Add(result =>
        {
            if (result.GetValue(AtRisk) && result.GetResult(By) is { Implicit: false })
            {
                result.AddError("--at-risk lists holds; --by groups what waits. Give one of them.");
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        if (context.Get(Watch))
        {
            return await Watching.RunAsync(context, WatchInterval, c => ShowAsync(context, console, c), cancellation)
                .ConfigureAwait(false);
        }
        await ShowAsync(context, console, cancellation).ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static Task ShowAsync(CommandContext context, JsonHttp console, CancellationToken cancellation) =>
        context.Get(AtRisk)
            ? ShowAtRiskAsync(context, console, cancellation)
            : ShowStagesAsync(context, console, cancellation);

    private static async Task ShowStagesAsync(
        CommandContext context, JsonHttp console, CancellationToken cancellation)
    {
        var answer = await console.GetAsync("v1/stages", cancellation).ConfigureAwait(false);
        var stages = answer["stages"]!.AsArray().OfType<JsonObject>()
            .Where(s => context.Get(Stage) is not { } wanted || Column.Show(s["stageId"]) == wanted).ToList();
        if (stages.Count == 0 && context.Get(Stage) is { } unknown)
        {
            throw NoStage(unknown);
        }
        switch (context.Get(By))
        {
            case Grouping.Pool:
                ShowPools(context, stages);
                break;
            case Grouping.Partition:
                context.Screen.Rows(BacklogRows.ByPartition(stages), BacklogRows.PartitionColumns);
                break;
            default:
                context.Screen.Rows(stages, BacklogRows.StageColumns);
                if (context.Screen.IsTable)
                {
                    BacklogRows.WriteModes(
                        context, [.. answer["modes"]!.AsArray().OfType<JsonObject>()],
                        await LedgerWord.ReadAsync(console, cancellation).ConfigureAwait(false));
                    BacklogRows.WritePredictions(context, stages);
                }
                break;
        }
        Warn(context, answer);
    }

    private static async Task ShowAtRiskAsync(
        CommandContext context, JsonHttp console, CancellationToken cancellation)
    {
        var stage = context.Get(Stage) is { } id ? $"&stage={Uri.EscapeDataString(id)}" : "";
        var answer = await console.GetAsync($"v1/holds-at-risk?limit={context.Get(Limit)}{stage}", cancellation)
            .ConfigureAwait(false);
        var holds = answer["holds"]!.AsArray().OfType<JsonObject>().ToList();
        if (holds.Count == 0 && context.Get(Stage) is { } wanted)
        {
            await EnsureStageAsync(context, console, wanted, cancellation).ConfigureAwait(false);
        }
        context.Screen.Rows(holds, BacklogRows.RiskColumns);
        Warn(context, answer);
    }

    private static void ShowPools(CommandContext context, IReadOnlyCollection<JsonObject> stages)
    {
        var pools = BacklogRows.ByPool(stages);
        context.Screen.Rows(pools, BacklogRows.PoolColumns(pools));
        if (context.Screen.IsTable && BacklogRows.Full(stages).ToList() is { Count: > 0 } full)
        {
            context.Screen.Verbatim(
                $"at least: {string.Join(", ", full)} name{(full.Count == 1 ? "s" : "")} the ten hottest pools; what "
                + "waits there for another one is not counted here");
        }
    }

    // Of a stage that there is not, nothing is at risk either.
    private static async Task EnsureStageAsync(
        CommandContext context, JsonHttp console, string stage, CancellationToken cancellation)
    {
        var (status, body) = await console.TryAsync(
            HttpMethod.Get, $"v1/stages/{Uri.EscapeDataString(stage)}", cancellation).ConfigureAwait(false);
        if (status == HttpStatusCode.NotFound)
        {
            throw NoStage(stage);
        }
        if (status != HttpStatusCode.OK)
        {
            context.Screen.Warn($"Whether there is a stage {stage} is not known: {body?["detail"] ?? $"{status}"}");
        }
    }

    private static AllocException NoStage(string stage) => AllocException.NotFound(
        $"There is no stage {stage}, or nothing was heard of it yet.", "alloc catalogue get shows the stages.");

    private static void Warn(CommandContext context, JsonNode answer)
    {
        var incomplete = new Incomplete();
        incomplete.Add(answer);
        incomplete.Warn(context);
        if (answer["staleSeconds"]?.GetValue<double>() is { } stale)
        {
            context.Screen.Warn($"Kafka is away: this was so {Duration.Show(TimeSpan.FromSeconds(stale))} ago.");
        }
    }
}
