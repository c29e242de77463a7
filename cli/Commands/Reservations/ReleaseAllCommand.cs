using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>
/// <c>alloc reservation release-all</c>: gives back every reservation that a search finds. Each is a command on the log
/// with an id made of what it does, so that a second run does nothing twice.
/// </summary>
internal static class ReleaseAllCommand
{
    private const int ByDefault = 100;

    /// <summary>Reservations that one run looks at.</summary>
    private const int Most = 100_000;

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for the record",
        HelpName = "text",
        Required = true,
    };

    private static readonly Option<string?> Ticket = new("--ticket")
    {
        Description = "The ticket that says so; needed where confirmed units are taken back",
        HelpName = "id",
    };

    private static readonly Option<bool> Confirmed = new("--include-confirmed")
    {
        Description = "Take confirmed units back too: each waits for another person's approval",
    };

    private static readonly Option<int> Limit = new Option<int>("--limit", "-n")
    {
        Description = "More than this many and nothing is done",
        DefaultValueFactory = _ => ByDefault,
        HelpName = "count",
    }.Within(1, Most);

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Show what would be released, and release nothing",
    };

    public static Command Create() =>
        new Command("release-all", "Give back every reservation that a search finds").Searches()
            .Takes(Confirmed, Reason, Ticket, Limit, DryRun, Incomplete.Allow, Consent.Yes).Acts()
            .TalksToKafka().TalksToRegistry().TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        Check(context);
        var found = await FindAsync(context, cancellation).ConfigureAwait(false);
        if (found.Count == 0 || context.Get(DryRun))
        {
            ReservationListCommand.Show(context, found);
            context.Screen.Warn(found.Count == 0
                ? "Nothing was found that is to be released."
                : $"A dry run: {Count(context, found)} would be released, and nothing was.");
            return ExitCode.Ok;
        }
        if (!IsAgreed(context, found))
        {
            context.Screen.Warn("Nothing was released.");
            return ExitCode.Failure;
        }
        var rows = await ReleaseAsync(context, found, cancellation).ConfigureAwait(false);
        return Show(context, rows);
    }

    private static void Check(CommandContext context)
    {
        if (!SearchOptions.IsNarrowed(context))
        {
            throw AllocException.Usage(
                "Say which reservations: --order, --customer, --pool, --status or --older-than.",
                "alloc reservation list shows what a search finds.");
        }
        Consent.CheckPossible(context, "a bulk release", context.Get(DryRun));
    }

    /// <summary>What is to be released; more than the limit is refused with its number.</summary>
    private static async Task<List<JsonObject>> FindAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var limit = context.Get(Limit);
        // Only what may be released is kept: the rest is counted.
        var (count, left) = (0, 0);
        var result = await ReservationSearchPages.ReadAsync(
            console, SearchOptions.Query(context), Most,
            row =>
            {
                left += !context.Get(Confirmed) && Units(row, "confirmed") > 0 ? 1 : 0;
                return Taken(context, row) > 0 && ++count <= limit;
            },
            cancellation).ConfigureAwait(false);
        result.Missing.Refuse(context, "Nothing was released.");
        result.Warn(context);
        var wanted = result.Rows.ToList();
        if (left > 0)
        {
            context.Screen.Warn($"Confirmed units of {left} are left alone; --include-confirmed takes them too.");
        }
        if (result.HasMore)
        {
            throw AllocException.Failed(
                $"The search finds more than {Most:N0} reservations, the most that one run looks at; nothing was "
                + "released.",
                "Narrow the search: --pool, --status, --older-than.");
        }
        if (count > limit)
        {
            throw AllocException.Failed(
                $"{count} reservations would be released, and the limit is {limit}; nothing was.",
                $"Narrow the search, or allow it with --limit {count}.");
        }
        if (context.Get(Ticket) is null && context.Get(Confirmed) && wanted.Any(r => Units(r, "confirmed") > 0))
        {
            throw AllocException.Usage("Confirmed units are taken back only with --ticket.");
        }
        return wanted;
    }

    private static bool IsAgreed(CommandContext context, List<JsonObject> found)
    {
        if (!context.Get(Consent.Yes))
        {
            ReservationListCommand.Show(context, found);
        }
        return Consent.IsGiven(context, $"Release {Count(context, found)}?");
    }

    private static async Task<List<JsonObject>> ReleaseAsync(
        CommandContext context, List<JsonObject> found, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        using var client = new AllocClient(settings, context.Time);
        var progress = new ProgressLine(context.Host, "reservations");
        var rows = new List<JsonObject>();
        try
        {
            foreach (var reservation in found)
            {
                var command = CommandFor(context, reservation);
                var result = await client.SendAsync(command, cancellation).ConfigureAwait(false);
                rows.Add(Row(context, reservation, command, (result as CommandAnswer.Decided)?.Outcome));
                progress.Show("releasing", rows.Count, found.Count);
            }
        }
        finally
        {
            progress.Clear();
        }
        return rows;
    }

    private static AllocationCommand CommandFor(CommandContext context, JsonObject reservation)
    {
        var pool = Column.Show(reservation["poolId"]);
        var id = Column.Show(reservation["reservationId"]);
        var version = reservation["version"]!.GetValue<long>();
        var hasConfirmed = Units(reservation, "confirmed") > 0;
        AllocationCommandBody body = hasConfirmed && context.Get(Confirmed)
            ? new AllocationCommandBody.ForceRelease
            {
                ReservationId = id,
                Bucket = ReleaseBucket.All,
                Reason = context.Get(Reason),
                Ticket = context.Get(Ticket)!,
            }
            : new AllocationCommandBody.Release
            {
                ReservationId = id,
                Bucket = hasConfirmed ? ReleaseBucket.Held : ReleaseBucket.All,
                Reason = context.Get(Reason),
            };
        return Writes.Envelope(context, pool, body, IdOf(pool, id, version, body)) with { ExpectedVersion = version };
    }

    /// <summary>The same for the same release of the same version, whoever runs it and how often.</summary>
    private static string IdOf(string pool, string reservation, long version, AllocationCommandBody body)
    {
        var (reason, ticket) = body is AllocationCommandBody.ForceRelease force
            ? (force.Reason, force.Ticket)
            : (((AllocationCommandBody.Release)body).Reason, "");
        var text = string.Join('\n', body.GetType().Name, pool, reservation, $"{version}", reason, ticket);
        return $"release-all/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32]}";
    }

    private static JsonObject Row(
        CommandContext context, JsonObject reservation, AllocationCommand command, AllocationOutcome? outcome) => new()
        {
            ["reservationId"] = reservation["reservationId"]!.DeepClone(),
            ["poolId"] = command.PoolId,
            ["units"] = Taken(context, reservation),
            ["result"] = outcome is null ? "Unknown" : OutcomeSummary.Of(outcome).Event,
            ["detail"] = outcome is null ? "no decision was seen; run it again" : OutcomeSummary.Of(outcome).Detail,
            ["outcome"] = outcome is null ? null : $"{outcome.PoolId}#{outcome.Sequence}",
            ["duplicateOf"] = outcome?.DuplicateOf,
            ["commandId"] = command.CommandId,
        };

    private static int Show(CommandContext context, List<JsonObject> rows)
    {
        context.Screen.Rows(
            rows,
            Column.Text("RESERVATION", "reservationId"),
            Column.Text("POOL", "poolId"),
            Column.Number("UNITS", "units"),
            new Column("RESULT", r => Column.Show(r["result"]) + (r["duplicateOf"] is null ? "" : " (repeat)"))
            {
                Style = r => Column.Show(r["result"]) switch
                {
                    "Rejected" or "Unknown" => "red",
                    "PendingApproval" => "yellow",
                    _ => null,
                },
            },
            Column.Text("DETAIL", "detail"),
            Column.Text("OUTCOME", "outcome"));
        foreach (var row in rows.Where(r => Column.Show(r["result"]) == "PendingApproval"))
        {
            context.Screen.Warn(
                "Another person approves:  " + ShellLine.Of(
                    "alloc approve", row["commandId"]?.ToString(), ("--pool", $"{row["poolId"]}")));
        }
        var results = rows.GroupBy(r => Column.Show(r["result"])).ToDictionary(g => g.Key, g => g.Count());
        context.Screen.Note(string.Join(", ", results.Select(r => $"{r.Value} {r.Key}")));
        return results.ContainsKey("Unknown") ? ExitCode.Unavailable
            : results.ContainsKey("Rejected") ? ExitCode.Rejected
            : ExitCode.Ok;
    }

    private static string Count(CommandContext context, List<JsonObject> rows)
    {
        var units = rows.Sum(r => Taken(context, r));
        var pools = rows.Select(r => Column.Show(r["poolId"])).Distinct().Count();
        return $"{rows.Count} reservation{(rows.Count == 1 ? "" : "s")} ({units} units) of {pools} "
            + $"pool{(pools == 1 ? "" : "s")}";
    }

    /// <summary>Units that a release takes back, or stops waiting for.</summary>
    private static long Taken(CommandContext context, JsonObject row) =>
        Units(row, "held") + Units(row, "waiting") + (context.Get(Confirmed) ? Units(row, "confirmed") : 0);

    private static long Units(JsonObject row, string bucket) => row[bucket]!.GetValue<long>();
}
