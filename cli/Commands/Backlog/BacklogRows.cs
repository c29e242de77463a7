using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Backlog;

/// <summary>How stages, pools, partitions and holds at risk are shown to people.</summary>
internal static class BacklogRows
{
    private const double PageShare = 0.2;

    public static Column[] StageColumns { get; } =
    [
        Column.Text("STAGE", "stageId"),
        Column.Number("WAITING", "waiting"),
        new Column("OLDEST", r => Seconds(r["oldestAgeSeconds"]))
        {
            IsNumber = true, Style = r => IsOverdue(r) ? "red" : null,
        },
        new Column("P90", r => Milliseconds(r["ageP90Ms"])) { IsNumber = true },
        new Column("SLA", r => Milliseconds(r["slaMs"])) { IsNumber = true },
        new Column("BEYOND SLA", Beyond)
        {
            IsNumber = true, Style = r => Share(r) > PageShare ? "red" : Share(r) > 0 ? "yellow" : null,
        },
        new Column("IN/S", r => Rate(r["arrivalsPerSecond"])) { IsNumber = true },
        new Column("OUT/S", r => Rate(r["departuresPerSecond"])) { IsNumber = true },
        new Column("DRAINED IN", Drain) { IsNumber = true },
        new Column("HOLDS AT RISK", r => Column.Show(r["holdsAtRisk"]))
        {
            IsNumber = true, Style = r => Count(r["holdsAtRisk"]) > 0 ? "red" : null,
        },
        Column.Text("OWNER", "owner"),
    ];

    public static Column[] PoolColumns { get; } =
    [
        Column.Text("POOL", "poolId"),
        Column.Number("WAITING", "waiting"),
        Column.Text("STAGES", "stages"),
    ];

    public static Column[] PartitionColumns { get; } =
    [
        Column.Number("PARTITION", "partition"),
        Column.Text("STAGE", "stageId"),
        Column.Number("WAITING", "waiting"),
        new Column("OLDEST", r => Seconds(r["oldestAgeSeconds"])) { IsNumber = true },
        new Column("KNOWN UP TO", r => Ago(r["watermarkAgeSeconds"])) { IsNumber = true },
        new Column("HEARD OF", r => Ago(r["wordAgeSeconds"])) { IsNumber = true },
        new Column("MISSING", r => r["missing"]!.GetValue<bool>() ? "yes" : "")
        {
            Style = _ => "red",
        },
    ];

    public static Column[] RiskColumns { get; } =
    [
        new Column("EXPIRES", r => $"in {Seconds(r["expiresInSeconds"])}")
        {
            IsNumber = true, Style = r => r["expiresInSeconds"]!.GetValue<double>() < 60 ? "red" : null,
        },
        Column.Text("RESERVATION", "reservationId"),
        Column.Text("POOL", "poolId"),
        Column.Text("ORDER", "workId"),
        Column.Text("WAITS IN", "stageId"),
        new Column("FOR", r => Seconds(r["waitedSeconds"])) { IsNumber = true },
    ];

    /// <summary>A row for each pool that many items wait for, over all stages.</summary>
    public static List<JsonObject> ByPool(IEnumerable<JsonObject> stages) => [.. stages
        .SelectMany(s => s["hotPools"]!.AsArray().Select(p => (
            Pool: Column.Show(p!["poolId"]), Stage: Column.Show(s["stageId"]), Waiting: Count(p["waiting"]))))
        .GroupBy(p => p.Pool, StringComparer.Ordinal)
        .Select(g => new JsonObject
        {
            ["poolId"] = g.Key,
            ["waiting"] = g.Sum(p => p.Waiting),
            ["stages"] = new JsonArray([.. g.OrderByDescending(p => p.Waiting).Select(
                p => (JsonNode)string.Create(CultureInfo.InvariantCulture, $"{p.Stage} {p.Waiting}"))]),
        })
        .OrderByDescending(r => Count(r["waiting"])).ThenBy(r => (string)r["poolId"]!, StringComparer.Ordinal)];

    /// <summary>A row for each partition and stage.</summary>
    public static List<JsonObject> ByPartition(IEnumerable<JsonObject> stages) => [.. stages
        .SelectMany(s => s["partitions"]!.AsArray().OfType<JsonObject>().Select(p =>
        {
            var row = (JsonObject)p.DeepClone();
            row["stageId"] = Column.Show(s["stageId"]);
            row["missing"] = s["missing"]!.AsArray().Any(m => Count(m) == Count(p["partition"]));
            return row;
        }))
        .OrderBy(r => Count(r["partition"]))];

    /// <summary>
    /// Which modes are on, which stages switch none for now, and what is predicted: for people, below the table.
    /// </summary>
    public static void WriteAside(CommandContext context, IReadOnlyList<JsonObject> stages, JsonNode answer)
    {
        if (!context.Screen.IsTable)
        {
            return;
        }
        foreach (var mode in answer["modes"]!.AsArray().Where(m => m!["on"]!.GetValue<bool>()))
        {
            context.Screen.Verbatim(
                $"mode {Column.Show(mode!["mode"])} is on since {Column.Show(mode["since"])}: "
                + $"{Column.Show(mode["reason"])}");
        }
        foreach (var stage in stages.Where(s => s["behind"] is JsonArray { Count: > 0 }))
        {
            context.Screen.Verbatim(
                $"{Column.Show(stage["stageId"])} switches no mode: it is known only to more than 30 s ago in "
                + "partitions " + string.Join(", ", stage["behind"]!.AsArray().Select(Column.Show)));
        }
        foreach (var stage in stages)
        {
            foreach (var effect in stage["propagation"]!.AsArray())
            {
                context.Screen.Verbatim(
                    $"predicted: {Words(effect!)} from {Column.Show(effect!["at"])}, {Column.Show(effect["items"])} "
                    + $"items, because {Column.Show(stage["stageId"])} waits");
            }
        }
    }

    /// <summary>Seconds as a duration; <c>-</c> where there are none.</summary>
    public static string Seconds(JsonNode? seconds) =>
        seconds is null ? "-" : Duration.Show(TimeSpan.FromSeconds(seconds.GetValue<double>()));

    /// <summary>Milliseconds as a duration.</summary>
    public static string Milliseconds(JsonNode? ms) => ms is null ? "-" : Duration.ShowMs(Count(ms));

    /// <summary>When what waits will be gone: the estimate and its interval.</summary>
    public static string Drain(JsonObject stage) => stage["drain"] switch
    {
        null => "-",
        { } drain when drain["estimateMs"] is null => "never at this rate",
        { } drain => $"{Milliseconds(drain["estimateMs"])} ({Bound(drain["lowMs"])}–{Bound(drain["highMs"])})",
    };

    private static string Words(JsonNode effect) => Column.Show(effect["effect"]) switch
    {
        "SlaBreach" => $"{Column.Show(effect["stageId"])} passes its SLA",
        "HoldsExpire" => $"holds expire in {Column.Show(effect["stageId"])}",
        "Starved" => $"{Column.Show(effect["stageId"])} is starved",
        "Surge" => $"more arrives in {Column.Show(effect["stageId"])} than leaves",
        var other => $"{other} in {Column.Show(effect["stageId"])}",
    };

    private static string Bound(JsonNode? ms) => ms is null ? "never" : Milliseconds(ms);

    private static string Beyond(JsonObject stage) => string.Create(
        CultureInfo.InvariantCulture, $"{Count(stage["breached"])} ({100 * Share(stage):0}%)");

    private static bool IsOverdue(JsonObject stage) =>
        stage["oldestAgeSeconds"]?.GetValue<double>() * 1_000 > Count(stage["slaMs"]);

    private static double Share(JsonObject stage) => stage["breachedShare"]!.GetValue<double>();

    private static string Ago(JsonNode? seconds) => seconds is null ? "-" : $"{Seconds(seconds)} ago";

    private static string Rate(JsonNode? rate) =>
        rate!.GetValue<double>().ToString("0.0", CultureInfo.InvariantCulture);

    private static long Count(JsonNode? node) => node?.GetValue<long>() ?? 0;
}
