using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>
/// <c>alloc reservation import-all</c>: takes over a file of promises of another system. Each is a command on the log
/// with an id made of what it says, so that a second run finishes the first and does nothing twice.
/// </summary>
internal static class ImportAllCommand
{
    private const int Window = 1_000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private static readonly Argument<string> File = new("file")
    {
        Description = "JSON lines as alloc authority export -o jsonl writes them; - for standard input",
    };

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Read the file and say what would be imported, and import nothing",
    };

    public static Command Create() =>
        new Command("import-all", "Take over a file of promises of another system, into frozen pools")
            .Takes(File, DryRun, Incomplete.Allow, Consent.Yes).Acts().TalksToKafka().TalksToRegistry()
            .Runs((context, cancellation) => Task.Run(() => RunAsync(context, cancellation), cancellation));

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Get(File) == "-" && !context.Get(Consent.Yes) && !context.Get(DryRun))
        {
            throw AllocException.Usage("What is read from standard input needs --yes: nobody can be asked there.");
        }
        Consent.CheckPossible(context, "import-all", context.Get(DryRun));
        var (lines, waitingOnly, incomplete) = ReadFile(context);
        if (incomplete is not null)
        {
            if (!context.Get(Incomplete.Allow))
            {
                throw AllocException.Unavailable(
                    $"The file says that it is not whole. {incomplete}",
                    "Nothing was imported. Export it again; --allow-incomplete imports what it has.");
            }
            context.Screen.Warn($"The file is not whole. {incomplete}");
        }
        if (waitingOnly > 0)
        {
            context.Screen.Warn(
                $"{waitingOnly} only waited for units and are left out: nobody was promised anything. Ask for them "
                + "anew.");
        }
        var what = Describe(lines);
        if (lines.Count == 0 || context.Get(DryRun))
        {
            context.Screen.Warn(lines.Count == 0
                ? "There is nothing to import."
                : $"A dry run: {what} would be imported, and nothing was.");
            return ExitCode.Ok;
        }
        if (!Consent.IsGiven(context, $"Import {what}?"))
        {
            context.Screen.Warn("Nothing was imported.");
            return ExitCode.Failure;
        }
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        using var pipe = new CommandPipe(settings, registry, fromBeginning: false, lingerMs: 5);
        return Show(
            context, lines, Send(context, pipe, lines, settings.Timeout, cancellation), pipe.PartitionCount);
    }

    private static (IReadOnlyList<ImportLine> Lines, int WaitingOnly, string? Incomplete) ReadFile(
        CommandContext context)
    {
        var file = context.Get(File);
        if (file == "-")
        {
            return ImportFile.Read("standard input", context.Host.In);
        }
        try
        {
            using var reader = new StreamReader(file);
            return ImportFile.Read(file, reader);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AllocException.Usage($"{file}: {e.Message}");
        }
    }

    private static AllocationOutcome?[] Send(
        CommandContext context, CommandPipe pipe, IReadOnlyList<ImportLine> lines, TimeSpan patience,
        CancellationToken cancellation)
    {
        var outcomes = new AllocationOutcome?[lines.Count];
        var pending = new Dictionary<string, int>(StringComparer.Ordinal);
        var progress = new ProgressLine(context.Host, "reservations");
        var (sent, answered) = (0, 0);
        var heardAt = Stopwatch.GetTimestamp();
        try
        {
            while (answered < lines.Count && Stopwatch.GetElapsedTime(heardAt) < patience && !pipe.HasFailedDeliveries)
            {
                cancellation.ThrowIfCancellationRequested();
                for (; sent < lines.Count && pending.Count < Window; sent++)
                {
                    pending.Add(lines[sent].CommandId, sent);
                    pipe.Send(Writes.Envelope(context, lines[sent].PoolId, lines[sent].Body, lines[sent].CommandId));
                }
                if (pipe.Poll(PollInterval) is { CommandId: { } id, CausedBy: null } outcome
                    && pending.Remove(id, out var index))
                {
                    outcomes[index] = outcome;
                    answered++;
                    heardAt = Stopwatch.GetTimestamp();
                    progress.Show("importing", answered, lines.Count);
                }
            }
        }
        finally
        {
            progress.Clear();
        }
        return outcomes;
    }

    private static int Show(
        CommandContext context, IReadOnlyList<ImportLine> lines, AllocationOutcome?[] outcomes, int partitionCount)
    {
        var rows = lines.Select((line, index) => Row(line, outcomes[index])).ToList();
        var shown = context.Screen.IsTable
            ? rows.Where(r => Column.Show(r["result"]) is "Rejected" or "Unknown").Take(50).ToList() : rows;
        if (shown.Count > 0)
        {
            context.Screen.Rows(
                shown, Column.Number("LINE", "line"), Column.Text("POOL", "poolId"),
                Column.Text("RESERVATION", "reservationId"), Column.Text("RESULT", "result"),
                Column.Text("DETAIL", "detail"));
        }
        var results = rows.GroupBy(r => Column.Show(r["result"]) + (r["duplicateOf"] is null ? "" : " before"))
            .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}");
        context.Screen.Warn(string.Join(", ", results) + ".");
        if (Array.Exists(outcomes, o => o is null))
        {
            var missing = new Incomplete();
            foreach (var (index, _) in outcomes.Index().Where(o => o.Item is null))
            {
                missing.Add(
                    PoolPartition.OfKey(Encoding.UTF8.GetBytes(lines[index].PoolId), partitionCount),
                    "no decision of those that are unknown was seen; run it again, nothing is done twice.");
            }
            missing.Warn(context, "not answering for all");
            return ExitCode.Unavailable;
        }
        return Array.Exists(outcomes, o => o!.Event is AllocationOutcomeEvent.Rejected)
            ? ExitCode.Rejected : ExitCode.Ok;
    }

    private static JsonObject Row(ImportLine line, AllocationOutcome? outcome) => new()
    {
        ["line"] = line.Number,
        ["poolId"] = line.PoolId,
        ["reservationId"] = line.Body.ReservationId,
        ["expiresAt"] = line.Body.ExpiresAtMs is { } expiresAt ? TimeText.Show(expiresAt) : null,
        ["result"] = outcome is null ? "Unknown" : OutcomeSummary.Of(outcome).Event,
        ["detail"] = outcome is null ? "no decision was seen" : OutcomeBlock.Detail(outcome),
        ["outcome"] = outcome is null ? null : $"{outcome.PoolId}#{outcome.Sequence}",
        ["duplicateOf"] = outcome?.DuplicateOf,
        ["commandId"] = line.CommandId,
    };

    private static string Describe(IReadOnlyList<ImportLine> lines)
    {
        var held = lines.Aggregate((Int128)0, (sum, line) => sum + line.Body.Held);
        var confirmed = lines.Aggregate((Int128)0, (sum, line) => sum + line.Body.Confirmed);
        var pools = lines.Select(line => line.PoolId).Distinct().Count();
        return $"{lines.Count} reservation{(lines.Count == 1 ? "" : "s")} ({held} units held, {confirmed} confirmed) "
            + $"of {pools} pool{(pools == 1 ? "" : "s")}{Expiries(lines)}";
    }

    private static string Expiries(IReadOnlyList<ImportLine> lines)
    {
        var times = lines.Select(line => line.Body.ExpiresAtMs).OfType<long>().Order().ToList();
        return times.Count == 0 ? ""
            : times[0] == times[^1] ? $", held until {Words.Time(times[0])}"
            : $", held until {Words.Time(times[0])} to {Words.Time(times[^1])}";
    }
}
