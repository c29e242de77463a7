using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Spectre.Console;

namespace Alloc.Cli.Commands.General;

/// <summary>What the backlog said when it was asked for an order.</summary>
/// <param name="Order">What it knows; null: nothing, or nobody answered.</param>
/// <param name="Unknown">Why nobody answered; null: somebody did.</param>
internal sealed record WaitingWord(WaitingOrder? Order, string? Unknown);

/// <summary>
/// Why an order is still pending: the stages that it waits in, whose they are, what is before it there, and which of
/// its holds expire when.
/// </summary>
internal sealed class WaitingOrder(JsonObject json)
{
    // A prediction comes every five seconds at least.
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(15);

    private static readonly string[] OfStage =
    [
        "owner", "customerState", "runbook", "waiting", "departuresPerSecond", "enteredBefore", "missing",
        "staleSeconds",
    ];

    /// <summary>What the backlog knows of it.</summary>
    public static async Task<WaitingWord> FindAsync(
        CommandContext context, string order, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context, InstanceWord.Patience);
        var (work, unknown) = await InstanceWord.AskAsync(
            console, $"v1/waiting/{Uri.EscapeDataString(order)}", cancellation).ConfigureAwait(false);
        if (work is null)
        {
            return new WaitingWord(null, unknown);
        }
        foreach (var stage in work["stages"]!.AsArray().OfType<JsonObject>().Where(IsOpen))
        {
            var (about, why) = await InstanceWord.AskAsync(
                console,
                $"v1/stages/{Uri.EscapeDataString(Column.Show(stage["stageId"]))}?enteredAtMs={stage["enteredAtMs"]}",
                cancellation).ConfigureAwait(false);
            foreach (var member in OfStage)
            {
                stage[member] = about?[member]?.DeepClone();
            }
            if (about is null)
            {
                stage["unknown"] = why ?? "the merger of all partitions has not heard of it yet";
            }
        }
        return new WaitingWord(new WaitingOrder(work), null);
    }

    /// <summary>Whether it waits anywhere.</summary>
    public bool IsWaiting => Stages.Any(IsOpen);

    /// <summary>The same as data.</summary>
    public JsonObject Json() => (JsonObject)json.DeepClone();

    /// <summary>Says how old it is where Kafka is away.</summary>
    public void Warn(CommandContext context)
    {
        var stale = Stages.Append(json).Select(part => (double?)part["staleSeconds"]).Max();
        if (stale is { } seconds)
        {
            context.Screen.Warn(
                $"Kafka is away: the order waited so {Duration.Show(TimeSpan.FromSeconds(seconds))} ago.");
        }
    }

    private IEnumerable<JsonObject> Stages => json["stages"]!.AsArray().OfType<JsonObject>();

    /// <summary>The same for people.</summary>
    public void Write(IAnsiConsole console)
    {
        var order = Markup.Escape(Column.Show(json["workId"]));
        foreach (var stage in Stages.Where(IsOpen))
        {
            var age = Duration.Show(TimeSpan.FromSeconds(stage["ageSeconds"]!.GetValue<double>()));
            console.MarkupLine(
                $"[bold]{order}[/]  waits in {Markup.Escape(Column.Show(stage["stageId"]))} for {age}"
                + (stage["attempt"]!.GetValue<int>() is > 1 and var attempt ? $", attempt {attempt}" : ""));
            WriteStage(console, stage);
        }
        if (!IsWaiting)
        {
            console.MarkupLine($"[bold]{order}[/]  waits in no stage");
            if (json["lastStage"] is { } last)
            {
                Fields.Write(console, "left", $"{Column.Show(last)} at {Column.Show(json["lastLeftAt"])}");
            }
        }
        foreach (var hold in json["holds"]!.AsArray().OfType<JsonObject>())
        {
            var inSeconds = hold["expiresInSeconds"]!.GetValue<double>();
            Fields.Write(
                console, "hold",
                $"{Column.Show(hold["reservationId"])} of {Column.Show(hold["poolId"])} "
                + (inSeconds >= 0
                    ? $"expires in {Duration.Show(TimeSpan.FromSeconds(inSeconds))}"
                    : $"was to expire at {Column.Show(hold["expiresAt"])}")
                + (hold["atRisk"]!.GetValue<bool>() ? ": at risk, predicted to expire before it is its turn" : ""));
        }
    }

    private static void WriteStage(IAnsiConsole console, JsonObject stage)
    {
        var sla = Duration.ShowMs(stage["slaMs"]!.GetValue<long>());
        Fields.Write(
            console, "since",
            $"{Column.Show(stage["enteredAt"])}; SLA {sla}, "
            + (stage["overdue"]!.GetValue<bool>() ? "passed at " : "until ") + Column.Show(stage["dueAt"]));
        Fields.Write(console, "predicted", Predicted(stage));
        if (stage["unknown"] is { } unknown)
        {
            Fields.Write(console, "waits for", $"not known: {unknown}");
            return;
        }
        var before = stage["enteredBefore"] is { } count
            ? $"{count} of {Column.Show(stage["waiting"])} entered before it"
            : $"{Column.Show(stage["waiting"])} wait, it is not known how many entered before it";
        var rate = stage["departuresPerSecond"]!.GetValue<double>().ToString("0.0", CultureInfo.InvariantCulture);
        Fields.Write(console, "waits for", $"{Column.Show(stage["owner"])}: {before}, {rate} leave a second");
        if (stage["missing"] is JsonArray { Count: > 0 } missing)
        {
            Fields.Write(
                console, "without",
                $"what waits in partition{(missing.Count == 1 ? "" : "s")} {Column.Show(missing)}: not heard of for "
                + "15 s");
        }
        if (stage["customerState"] is { } customer)
        {
            Fields.Write(console, "customer", $"is told {Column.Show(customer)}");
        }
    }

    private static string Predicted(JsonObject stage)
    {
        var text = stage["predicted"]?.ToString() switch
        {
            "Leaves" => $"to leave at {Column.Show(stage["predictedLeaveAt"])}",
            "Stays" => "to stay, at today's rates",
            _ => "nothing yet",
        };
        return stage["predictedAt"] is { } at && Words.TryMs(at) is { } atMs
            && Words.TryMs(stage["enteredAt"]!) is { } enteredAtMs
            && stage["ageSeconds"]!.GetValue<double>() * 1_000 - (atMs - enteredAtMs) > FreshFor.TotalMilliseconds
                ? $"{text}, as it was at {Column.Show(at)}"
                : text;
    }

    private static bool IsOpen(JsonObject stage) => Column.Show(stage["standing"]) == "Open";
}
