using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Processors.Records;
using Spectre.Console;

namespace Alloc.Cli.Commands.General;

/// <summary>Where others say something else of an order or a reservation than the ledger, or lately did.</summary>
/// <param name="Of">What it is about, for people.</param>
/// <param name="Rows">Mismatches, each as a whole: those that are not settled first.</param>
/// <param name="HasMore">Whether there are more than were asked for.</param>
/// <param name="Unknown">Why nobody answered; null: somebody did.</param>
internal sealed record ExplainMismatches(string Of, IReadOnlyList<JsonObject> Rows, bool HasMore, string? Unknown)
{
    private const int Most = 20;

    /// <summary>Those of an order.</summary>
    public static Task<ExplainMismatches> OfOrderAsync(
        CommandContext context, string order, CancellationToken cancellation) =>
        FindAsync(context, order, [$"order={Uri.EscapeDataString(order)}"], cancellation);

    /// <summary>Those of a reservation.</summary>
    public static Task<ExplainMismatches> OfReservationAsync(
        CommandContext context, string poolId, string reservationId, CancellationToken cancellation) => FindAsync(
            context, reservationId, QueriesOf(poolId, reservationId), cancellation);

    /// <summary>These, and those of another that are not among them.</summary>
    public ExplainMismatches With(ExplainMismatches other) => this with
    {
        Rows = [.. Rows, .. other.Without(this).Rows],
        HasMore = HasMore || other.HasMore,
        Unknown = Unknown ?? other.Unknown,
    };

    /// <summary>Those that are not among those of another.</summary>
    public ExplainMismatches Without(ExplainMismatches other)
    {
        var known = other.Rows.Select(Id).ToHashSet(StringComparer.Ordinal);
        return this with { Rows = [.. Rows.Where(r => !known.Contains(Id(r)))] };
    }

    /// <summary>Adds them as data.</summary>
    public void AddTo(JsonObject json)
    {
        json["mismatches"] = new JsonArray([.. Rows.Select(r => r.DeepClone())]);
        if (Unknown is not null)
        {
            json["mismatchesUnknown"] = Unknown;
        }
    }

    /// <summary>Says that they are not known.</summary>
    public void Warn(CommandContext context)
    {
        if (Unknown is not null)
        {
            context.Screen.Warn($"Whether others say something else of {Of} is not known: {Unknown}");
        }
    }

    /// <summary>The same for people: what each is, since when, what is safe, and where its runbook is.</summary>
    public void Write(IAnsiConsole console, TimeProvider time)
    {
        foreach (var row in Rows)
        {
            Write(console, row, time);
        }
        if (HasMore)
        {
            console.MarkupLine("[dim]There are more of them:  alloc reconcile list[/]");
        }
    }

    // What stood before scopes were told apart has an id that may be that of another pool's, too.
    private static IReadOnlyList<string> QueriesOf(string poolId, string reservationId)
    {
        var (scope, former) = (
            CompoundIds.Join(poolId, reservationId), CompoundIds.Plain(poolId, reservationId));
        var query = $"scope={Uri.EscapeDataString(scope)}";
        return scope == former ? [query]
            : [query, $"scope={Uri.EscapeDataString(former)}&pool={Uri.EscapeDataString(poolId)}"];
    }

    private static async Task<ExplainMismatches> FindAsync(
        CommandContext context, string of, IReadOnlyList<string> queries, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context, InstanceWord.Patience);
        var rows = new List<JsonObject>();
        var hasMore = false;
        foreach (var query in queries.Concat(queries.Select(q => q + "&settled=true")))
        {
            var (answer, unknown) = await InstanceWord.AskAsync(
                console, $"v1/mismatches?{query}&whole=true&limit={Most}", cancellation).ConfigureAwait(false);
            if (unknown is not null)
            {
                return new ExplainMismatches(of, rows, hasMore, unknown);
            }
            rows.AddRange(answer?["mismatches"]?.AsArray().OfType<JsonObject>() ?? []);
            hasMore |= answer?["next"] is not null;
        }
        return new ExplainMismatches(of, rows, hasMore, null);
    }

    private static void Write(IAnsiConsole console, JsonObject row, TimeProvider time)
    {
        var isOver = row["closedAt"] is not null;
        var style = isOver ? "dim" : Column.Show(row["severity"]) == "page" ? "red" : "yellow";
        console.MarkupLine(
            $"[{style}]≠ {Markup.Escape(Column.Show(row["class"]))}[/]  {Markup.Escape(Id(row))}  "
            + $"{Markup.Escape(Column.Show(row["state"]))}  {Markup.Escape(Column.Show(row["scope"]!["id"]))}");
        Fields.Write(
            console, "since", Words.Time(row["since"]!, time)
            + (row["closedAt"] is { } closedAt ? $", over {Words.Time(closedAt, time)}" : ""));
        Fields.Write(console, Column.Show(row["left"]!["name"]), Column.Show(row["left"]!["says"]));
        Fields.Write(console, Column.Show(row["right"]!["name"]), Column.Show(row["right"]!["says"]));
        if (!isOver)
        {
            Fields.Write(console, "safe", Safe(row));
            Fields.Write(console, "runbook", $"{Column.Show(row["runbook"])}, for {Column.Show(row["owner"])}");
        }
    }

    private static string Safe(JsonObject row) => (Column.Show(row["state"]), row["repair"], row["exception"]) switch
    {
        ("Accepted", _, _) => "nothing is to be done: somebody says that it is meant",
        (_, JsonObject repair, null) => Column.Show(repair["summary"])
            + (repair["needsSecondApprover"]!.GetValue<bool>() ? "; two people must want it" : ""),
        (_, _, JsonObject exception) => $"nothing by rule: {Column.Show(exception["why"])}",
        _ => "nothing by rule",
    };

    private static string Id(JsonObject row) => Column.Show(row["mismatchId"]);
}
