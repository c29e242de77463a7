using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Pools;

/// <summary><c>alloc pool list</c>: all pools with their balances.</summary>
internal static class PoolListCommand
{
    private const int PageSize = 1_000;

    private static readonly Option<string> Prefix = new("--prefix")
    {
        Description = "Only pools whose id begins so",
        DefaultValueFactory = _ => "",
        HelpName = "text",
    };

    private static readonly Option<int> Limit = new Option<int>("--limit", "-n")
    {
        Description = "How many at most",
        DefaultValueFactory = _ => PageSize,
        HelpName = "count",
    }.Within(1);

    public static Command Create() =>
        new Command("list", "List pools and their balances").Takes(Prefix, Limit, ClientOptions.Timeout)
            .TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var rows = new List<JsonObject>();
        var limit = context.Get(Limit);
        var stale = 0.0;
        var missing = new Incomplete();
        for (var cursor = ""; rows.Count < limit;)
        {
            var path =
                $"v1/pools?limit={Math.Min(PageSize, limit - rows.Count)}" + Said("prefix", context.Get(Prefix))
                + Said("cursor", cursor);
            var page = await console.GetAsync(path, cancellation).ConfigureAwait(false);
            missing.Add(page);
            stale = Math.Max(stale, page["staleSeconds"]?.GetValue<double>() ?? 0);
            rows.AddRange(page["pools"]!.AsArray().Select(p => Row(p!.AsObject())));
            if (page["next"] is not { } next)
            {
                break;
            }
            cursor = next.ToString();
        }
        missing.Warn(context);
        if (stale > 0)
        {
            context.Screen.Warn(
                $"This is what was so {Duration.Show(TimeSpan.FromSeconds(stale))} ago: "
                + "Kafka has not been heard since.");
        }
        context.Screen.Rows(
            rows,
            Column.Text("POOL", "poolId"),
            new Column("KIND", r => Column.Show(r["kind"]).ToLowerInvariant()),
            Column.Text("UNIT", "unit"),
            Column.Number("AVAILABLE", "available"),
            Column.Number("FREE", "free") with { Style = r => r["free"]!.GetValue<long>() < 0 ? "red" : null },
            Column.Number("HELD", "held"),
            Column.Number("CONFIRMED", "confirmed"),
            Column.Number("CONSUMED", "consumed"),
            Column.Number("BLOCKED", "blocked"),
            Column.Number("OUTCOMES", "sequence"));
        return missing.IsAny ? ExitCode.Unavailable : ExitCode.Ok;
    }

    private static string Said(string name, string value) =>
        value.Length == 0 ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static JsonObject Row(JsonObject pool)
    {
        var row = new JsonObject
        {
            ["poolId"] = pool["poolId"]!.DeepClone(),
            ["kind"] = pool["settings"]!["kind"]!.DeepClone(),
            ["unit"] = pool["settings"]!["unit"]!.DeepClone(),
            ["available"] = pool["available"]!.DeepClone(),
        };
        foreach (var (account, value) in pool["balances"]!.AsObject())
        {
            row[account] = value!.DeepClone();
        }
        row["deficit"] = pool["deficit"]!.DeepClone();
        row["sequence"] = pool["sequence"]!.DeepClone();
        row["partition"] = pool["partition"]!.DeepClone();
        return row;
    }
}
