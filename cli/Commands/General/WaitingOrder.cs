using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Spectre.Console;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// Why an order is still pending: the stages that it waits in, whose they are, what is before it there, and which of
/// its holds expire when.
/// </summary>
internal sealed class WaitingOrder
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly JsonObject json;

    private WaitingOrder(JsonObject json) => this.json = json;

    /// <summary>What the backlog knows of it; null where it knows nothing, or does not answer.</summary>
    public static async Task<WaitingOrder?> FindAsync(
        CommandContext context, string order, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context, Patience);
        if (await AskAsync(console, $"v1/waiting/{Uri.EscapeDataString(order)}", cancellation).ConfigureAwait(false)
            is not { } work)
        {
            return null;
        }
        foreach (var stage in work["stages"]!.AsArray().OfType<JsonObject>().Where(IsOpen))
        {
            var about = await AskAsync(
                console,
                $"v1/stages/{Uri.EscapeDataString(Column.Show(stage["stageId"]))}?enteredAtMs={stage["enteredAtMs"]}",
                cancellation).ConfigureAwait(false);
            foreach (var member in new[]
            {
                "owner", "customerState", "runbook", "waiting", "departuresPerSecond", "enteredBefore",
                "predictedLeaveAt", "missing",
            })
            {
                stage[member] = about?[member]?.DeepClone();
            }
        }
        return new WaitingOrder(work);
    }

    /// <summary>Whether it waits anywhere.</summary>
    public bool IsWaiting => Stages.Any(IsOpen);

    /// <summary>The same as data.</summary>
    public JsonObject Json() => (JsonObject)json.DeepClone();

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
        if (stage["owner"] is null)
        {
            Fields.Write(console, "waits for", "not known: no instance says how the stage is");
            return;
        }
        var before = stage["enteredBefore"]?.GetValue<long>() ?? 0;
        var rate = stage["departuresPerSecond"]!.GetValue<double>().ToString("0.0", CultureInfo.InvariantCulture);
        Fields.Write(
            console, "waits for",
            $"{Column.Show(stage["owner"])}: {before} of {Column.Show(stage["waiting"])} entered before it, "
            + $"{rate} leave a second");
        Fields.Write(
            console, "predicted",
            stage["predictedLeaveAt"] is { } leave ? $"to leave at {Column.Show(leave)}" : "to stay, at this rate");
        if (stage["customerState"] is { } customer)
        {
            Fields.Write(console, "customer", $"is told {Column.Show(customer)}");
        }
    }

    private static bool IsOpen(JsonObject stage) => Column.Show(stage["standing"]) == "Open";

    private static async Task<JsonObject?> AskAsync(JsonHttp console, string path, CancellationToken cancellation)
    {
        try
        {
            var (status, body) = await console.TryAsync(HttpMethod.Get, path, cancellation).ConfigureAwait(false);
            return status == HttpStatusCode.OK ? body as JsonObject : null;
        }
        catch (AllocException e) when (e.Kind is FailureKind.Unavailable or FailureKind.Failed)
        {
            return null;
        }
    }
}
