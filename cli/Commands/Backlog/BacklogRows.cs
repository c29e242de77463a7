using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Slices;
using Alloc.Cli.Output;
using Alloc.Processors.Backlog;

namespace Alloc.Cli.Commands.Backlog;

/// <summary>How stages, pools, partitions and holds at risk are shown to people.</summary>
internal static class BacklogRows
{
    // As the contract says: a stage names the ten pools that most of its items depend on.
    private const int HotPools = 10;

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
            IsNumber = true, Style = r => Share(r) > PageShare(r) ? "red" : Share(r) > 0 ? "yellow" : null,
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

    /// <summary>The columns of pools; their head says so where a figure may be more.</summary>
    public static Column[] PoolColumns(IEnumerable<JsonObject> pools) =>
    [
        Column.Text("POOL", "poolId"),
        Column.Number(pools.Any(p => p["atLeast"]!.GetValue<bool>()) ? "WAITING AT LEAST" : "WAITING", "waiting"),
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

    /// <summary>
    /// A row for each pool that many items wait for, over all stages; at least so many where a stage that names no more
    /// pools does not name this one.
    /// </summary>
    public static List<JsonObject> ByPool(IReadOnlyCollection<JsonObject> stages) => [.. stages
        .SelectMany(s => s["hotPools"]!.AsArray().Select(p => (
            Pool: Column.Show(p!["poolId"]), Stage: Column.Show(s["stageId"]), Waiting: Count(p["waiting"]))))
        .GroupBy(p => p.Pool, StringComparer.Ordinal)
        .Select(g => new JsonObject
        {
            ["poolId"] = g.Key,
            ["waiting"] = g.Sum(p => p.Waiting),
            ["atLeast"] = Full(stages).Any(stage => !g.Any(p => p.Stage == stage)),
            ["stages"] = new JsonArray([.. g.OrderByDescending(p => p.Waiting).Select(
                p => (JsonNode)string.Create(CultureInfo.InvariantCulture, $"{p.Stage} {p.Waiting}"))]),
        })
        .OrderByDescending(r => Count(r["waiting"])).ThenBy(r => (string)r["poolId"]!, StringComparer.Ordinal)];

    /// <summary>Stages that have more hot pools than they name, maybe.</summary>
    public static IEnumerable<string> Full(IEnumerable<JsonObject> stages) =>
        stages.Where(s => s["hotPools"]!.AsArray().Count >= HotPools).Select(s => Column.Show(s["stageId"]));

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

    /// <summary>Which modes are on, by the backlog and by the ledger: for people, below the table.</summary>
    public static void WriteModes(CommandContext context, IReadOnlyList<JsonObject> modes, LedgerWord ledger)
    {
        foreach (var mode in modes)
        {
            var name = Column.Show(mode["mode"]);
            var isOn = mode["on"]!.GetValue<bool>();
            var isOfLedger = BacklogWord.IsOfLedger(mode);
            if (isOn || (isOfLedger && ledger.Contradicts(name, isOn)))
            {
                context.Screen.Verbatim(
                    $"mode {name} is {(isOn ? "on" : "off")} since {Column.Show(mode["since"])}"
                    + (mode["person"] is { } person ? $", switched by {person}" : "")
                    + $": {Column.Show(mode["reason"])}" + (isOfLedger ? $"; {ledger.Of(name)}" : ""));
            }
        }
        foreach (var row in ledger.Rows.DistinctBy(r => Column.Show(r["mode"]))
            .Where(r => modes.All(m => Column.Show(m["mode"]) != Column.Show(r["mode"]))))
        {
            context.Screen.Verbatim(
                $"mode {Column.Show(row["mode"])}, which the backlog never switched: "
                + $"{ledger.Of(Column.Show(row["mode"]))} since {Column.Show(row["since"])}: "
                + Column.Show(row["reason"]));
        }
    }

    /// <summary>Which stages are not known well enough to switch a mode, and what is predicted: for people.</summary>
    public static void WritePredictions(CommandContext context, IReadOnlyList<JsonObject> stages)
    {
        foreach (var stage in stages.Where(s => s["behind"] is JsonArray { Count: > 0 }))
        {
            context.Screen.Verbatim(
                $"{Column.Show(stage["stageId"])} switches no mode: it is known only to more than "
                + $"{(int)StageKnowledge.LongestLag.TotalSeconds} s ago in partitions "
                + string.Join(", ", stage["behind"]!.AsArray().Select(Column.Show)));
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

    // A stage that the catalogue has no more pages nobody.
    private static double PageShare(JsonObject stage) => stage["pageShare"]?.GetValue<double>() ?? 1;

    private static double Share(JsonObject stage) => stage["breachedShare"]!.GetValue<double>();

    private static string Ago(JsonNode? seconds) => seconds is null ? "-" : $"{Seconds(seconds)} ago";

    private static string Rate(JsonNode? rate) =>
        rate!.GetValue<double>().ToString("0.0", CultureInfo.InvariantCulture);

    private static long Count(JsonNode? node) => node?.GetValue<long>() ?? 0;
}
