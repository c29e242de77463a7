using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Host.Lag;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Notation;
using Alloc.Schemas.Backlog;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands.Slices;

/// <summary>How modes are switched by the backlog and shown beside the ledger.</summary>
internal static class ModeScreens
{
    /// <summary>Asks the backlog, and shows what it and the ledger say.</summary>
    public static async Task<int> SetAsync(
        CommandContext context, ModeRequest request, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        using var registry = Registries.Client(settings, context.Time);
        using var switching = new ModeSwitching(settings, registry);
        await Task.Run(() => EnsureRuns(context, settings, switching.OwnTopic, request), cancellation)
            .ConfigureAwait(false);
        var (state, ledger) = await switching.AskAsync(
            request, context.Time.GetUtcNow().ToUnixTimeMilliseconds(), cancellation).ConfigureAwait(false);
        var json = AvroJson.Of(state);
        json["ledger"] = ledger is null ? null : new JsonArray([.. ledger]);
        context.Screen.One(json, console => Show(context, console, state, ledger));
        return ledger is null ? ExitCode.Ok : Finish(context, request, ledger);
    }

    /// <summary>What helps where no backlog answers, where anything does.</summary>
    public static string DirectRemedy(ModeRow row) => row.ActsOnLedger
        ? " --directly commands the ledger past it."
        : " Only the backlog switches it: workflows read its word.";

    /// <summary><c>alloc mode get</c>.</summary>
    public static async Task<int> GetAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var settings = await PartitionSettingsReads.ReadAsync(context, cancellation).ConfigureAwait(false);
        var backlog = await BacklogWord.ReadAsync(console, cancellation).ConfigureAwait(false);
        var ledger = LedgerWord.From(settings);
        context.Screen.Rows(
            Rows(backlog, ledger),
            Column.Text("MODE", "mode"),
            new Column("BACKLOG", Backlog),
            new Column("BY", r => r["backlog"]?["on"] is null ? "-"
                : r["backlog"]!["person"]?.ToString() ?? "its measure"),
            new Column("SINCE", r => Column.Show(r["backlog"]?["since"] ?? r["ledger"]?["since"])),
            new Column("LEDGER", r => Ledger(r, ledger)),
            new Column("CAP", r => r["ledger"]?["capMs"] is { } cap ? Duration.ShowMs(cap.GetValue<long>()) : "-"),
            new Column("POOLS", r => Join(r["ledger"]?["pools"])),
            new Column("CLASSES", r => Join(r["ledger"]?["classes"])),
            new Column("REASON", r => Column.Show(r["backlog"]?["reason"] ?? r["ledger"]?["reason"])));
        Warn(context, backlog, ledger);
        return PartitionSettingsReads.Finish(context, settings, "modes");
    }

    // Who is in a hurry is told at once, and nothing is left behind that would count some day.
    private static void EnsureRuns(
        CommandContext context, AllocClientOptions settings, string topic, ModeRequest request)
    {
        using var watch = GroupLooks.Watch(settings, context.Time);
        LagReport report;
        try
        {
            report = GroupLooks.Look(watch);
        }
        catch (AllocException e) when (e.Kind == FailureKind.Unavailable)
        {
            return;
        }
        // Who may see no group at all is not told that there is none.
        if (report is { Problem: null, Groups.Count: > 0 } && !report.Groups.Any(
            g => g.MemberCount > 0 && g.Partitions.Any(p => p.Partition.Topic == topic)))
        {
            throw AllocException.Unavailable(
                $"No instance runs the backlog, which switches {request.Row.Id}: no group reads {topic}. Nothing was "
                + "written.",
                "Start an instance with the role backlog (alloc serve --roles), or ask again where one just starts."
                + DirectRemedy(request.Row));
        }
    }

    private static void Show(
        CommandContext context, IAnsiConsole console, ModeState state, IReadOnlyList<JsonObject>? ledger)
    {
        console.MarkupLine(
            $"[bold]{Markup.Escape(state.Mode)}[/]  {(state.On ? "on" : "off")} since {AvroJson.Time(state.SinceMs)}, "
            + $"switched by {Markup.Escape(state.Person ?? "")}");
        Fields.Write(console, "because", state.Reason);
        Fields.Write(console, "changes", state.Changes);
        Fields.Write(
            console, "until",
            $"{state.StageId} needs it no more, or a person switches again; then its measure decides");
        if (ledger is not null)
        {
            context.Screen.Rows(ledger, PartitionWrites.Columns);
        }
    }

    private static int Finish(CommandContext context, ModeRequest request, IReadOnlyList<JsonObject> ledger)
    {
        var word = request.On ? "on" : "off";
        if (ledger.Any(PartitionWrites.IsRejected))
        {
            context.Screen.Warn(
                $"The backlog has {request.Row.Id} {word}, and the ledger refuses it: the policy in force has no row "
                + "that allows it. Add one (alloc catalogue diff names it) and switch again, or switch it off.");
            return ExitCode.Rejected;
        }
        if (ledger.Any(PartitionWrites.IsUnknown))
        {
            context.Screen.Warn(
                $"The backlog has {request.Row.Id} {word} and commanded the ledger; some partitions have not answered "
                + "yet. alloc mode get shows what they make of it.");
            return ExitCode.Unavailable;
        }
        return ExitCode.Ok;
    }

    /// <summary>A row for each mode, and for each way in which partitions of the ledger have it on.</summary>
    private static List<JsonObject> Rows(BacklogWord backlog, LedgerWord ledger)
    {
        var on = ledger.Rows.ToLookup(r => Column.Show(r["mode"]), StringComparer.Ordinal);
        var said = backlog.Modes.ToDictionary(m => Column.Show(m["mode"]), StringComparer.Ordinal);
        return
        [
            .. said.Keys.Union(on.Select(m => m.Key)).Order(StringComparer.Ordinal).SelectMany(
                mode => on[mode].DefaultIfEmpty(), (mode, row) => Row(mode, said.GetValueOrDefault(mode), row)),
        ];

        JsonObject Row(string mode, JsonObject? word, JsonObject? row)
        {
            var inLedger = (JsonObject?)row?.DeepClone();
            inLedger?.Remove("mode");
            return new JsonObject
            {
                ["mode"] = mode,
                ["backlog"] = backlog.Unknown is { } why
                    ? new JsonObject { ["unknown"] = why }
                    : word?.DeepClone(),
                ["ledger"] = inLedger,
            };
        }
    }

    private static string Backlog(JsonObject row) => row["backlog"] switch
    {
        null => "-",
        { } word when word["unknown"] is not null => "not known",
        { } word => word["on"]!.GetValue<bool>() ? "on" : "off",
    };

    private static string Ledger(JsonObject row, LedgerWord ledger) => row["ledger"]?["partitions"] is { } partitions
        ? $"on in {Column.Show(partitions)}"
        : row["backlog"] is JsonObject word && !BacklogWord.IsOfLedger(word) ? "-"
        : ledger.IsKnown ? "off" : "not known";

    private static void Warn(CommandContext context, BacklogWord backlog, LedgerWord ledger)
    {
        if (backlog.Unknown is { } why)
        {
            context.Screen.Warn($"The backlog's word is not known here: {why}");
        }
        if (backlog.StaleSeconds is { } stale)
        {
            context.Screen.Warn(
                $"Kafka is away: the backlog said so {Duration.Show(TimeSpan.FromSeconds(stale))} ago.");
        }
        foreach (var mode in backlog.Modes.Where(BacklogWord.IsOfLedger))
        {
            var name = Column.Show(mode["mode"]);
            var isOn = mode["on"]!.GetValue<bool>();
            if (ledger.Contradicts(name, isOn))
            {
                context.Screen.Warn(
                    $"The backlog has {name} {(isOn ? "on" : "off")}, and {ledger.Of(name)}. "
                    + (isOn
                        ? "Where that stays so, the policy has no row that allows it: alloc catalogue diff names it."
                        : "Somebody commanded the ledger past it: " + ShellLine.Of("alloc mode set", name)
                            + " ends that."));
            }
        }
    }

    // None is all that the policy's rows are about.
    private static string Join(JsonNode? some) => some is JsonArray { Count: > 0 } ? Column.Show(some) : "-";
}
