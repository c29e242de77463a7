using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;

namespace Alloc.Cli.Commands.Slices;

/// <summary>
/// <c>alloc authority export</c>: every open reservation of a slice, for the system that takes over. Folded from the
/// journal as it is when the command begins, so that it is whole whatever a search has read.
/// </summary>
internal static class AuthorityExportCommand
{
    private static readonly Option<bool> AnyMode = new("--any-mode")
    {
        Description = "Also of a slice that is not frozen: what it shows is old at once",
    };

    public static Command Create() =>
        new Command("export", "Write every open reservation of a slice, as import-all reads them")
            .Takes(AuthorityCommands.Slice, AnyMode, Incomplete.Allow).TalksToKafka().TalksToRegistry()
            .Runs((context, cancellation) => Task.Run(() => RunAsync(context, cancellation), cancellation));

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        using var reader = new JournalReader(settings, registry);
        var slice = new SliceFold(context.Get(AuthorityCommands.Slice), reader.PartitionCount);
        var missing = Read(context, reader, slice, cancellation);
        CheckMode(slice, context.Get(AnyMode));
        var rows = slice.Open.OrderBy(o => o.Key.Pool, StringComparer.Ordinal)
            .ThenBy(o => o.Key.Id, StringComparer.Ordinal).Select(o => Row(o.Key.Pool, o.Value)).ToList();
        if (context.Screen.IsTable)
        {
            context.Screen.Rows(
                [.. rows.GroupBy(r => Column.Show(r["poolId"])).Select(Sum)],
                Column.Text("POOL", "poolId"), Column.Number("OPEN", "reservations"), Column.Number("HELD", "held"),
                Column.Number("CONFIRMED", "confirmed"), Column.Number("WAITING", "waiting"));
            context.Screen.Note("-o jsonl writes the reservations, a line each.");
        }
        else
        {
            context.Screen.Rows(missing.IsAny ? [Marker(missing), .. rows] : rows);
        }
        context.Screen.Warn(Summary(slice, rows));
        return ExitCode.Ok;
    }

    private static Incomplete Read(
        CommandContext context, JournalReader reader, SliceFold slice, CancellationToken cancellation)
    {
        var ranges = reader.WholeEnds(cancellation).ToArray();
        if (Array.FindIndex(ranges, r => r.Low > 0) is var cut and >= 0)
        {
            throw AllocException.Failed(
                $"The journal of partition {cut} begins at offset {ranges[cut].Low}: what was promised before is "
                + "not in it.",
                "alloc reservation list --pool shows what the search knows.");
        }
        var missing = new Incomplete();
        foreach (var (partition, (_, _, why)) in ranges.Index().Where(r => r.Item.Why is not null))
        {
            missing.Add(partition, why!);
        }
        missing.Refuse(context, "Nothing was exported.");
        using var progress = new SearchProgress(context.Host);
        reader.Sweep(
            [.. ranges.Select(r => r.Low)], [.. ranges.Select(r => r.High)], progress.Show, slice.Take, cancellation);
        return missing;
    }

    private static void CheckMode(SliceFold slice, bool isAnyMode)
    {
        if (isAnyMode)
        {
            return;
        }
        var others = Enumerable.Range(0, slice.Modes.Length)
            .Where(p => slice.Modes[p]?.Mode != AuthorityMode.Frozen).ToList();
        if (others.Count == 0)
        {
            return;
        }
        var modes = others.Select(p => slice.Modes[p]?.Mode.ToString() ?? "not set").Distinct();
        throw AllocException.Failed(
            $"The slice '{slice.Name}' is not frozen in partition{(others.Count == 1 ? "" : "s")} "
            + $"{string.Join(", ", others)} ({string.Join(", ", modes)}): what is exported could change behind it.",
            "First:  " + ShellLine.Of("alloc authority transfer", slice.Name, ("--mode", "frozen"))
            + " --owner … --epoch …   (or --any-mode for a look)");
    }

    /// <summary>The first line of an export that is not whole: import-all refuses it.</summary>
    private static JsonObject Marker(Incomplete missing) =>
        new() { ["incomplete"] = $"{missing.Names}: {missing.Why}" };

    private static JsonObject Row(string pool, Reservation reservation) => new()
    {
        ["poolId"] = pool,
        ["reservationId"] = reservation.ReservationId,
        ["held"] = reservation.Held,
        ["confirmed"] = reservation.Confirmed,
        ["waiting"] = reservation.Waiting,
        ["expiresAt"] = Time(reservation.ExpiresAtMs),
        ["class"] = reservation.Class,
        ["orderRef"] = reservation.OrderRef,
        ["customerRef"] = reservation.CustomerRef,
        ["groupId"] = reservation.GroupId,
        ["channel"] = reservation.Channel,
        ["tier"] = reservation.Tier,
        ["dealer"] = reservation.Dealer,
        ["createdAt"] = Time(reservation.CreatedAtMs),
        ["version"] = reservation.Version,
    };

    private static string? Time(long? ms) => ms is { } time ? AvroJson.Time(time) : null;

    private static JsonObject Sum(IGrouping<string, JsonObject> pool) => new()
    {
        ["poolId"] = pool.Key,
        ["reservations"] = pool.Count(),
        ["held"] = pool.Sum(r => r["held"]!.GetValue<long>()),
        ["confirmed"] = pool.Sum(r => r["confirmed"]!.GetValue<long>()),
        ["waiting"] = pool.Sum(r => r["waiting"]!.GetValue<long>()),
    };

    private static string Summary(SliceFold slice, List<JsonObject> rows)
    {
        long Units(string bucket) => rows.Sum(r => r[bucket]!.GetValue<long>());
        var mode = slice.Modes.OfType<AllocationOutcomeEvent.AuthorityChanged>().FirstOrDefault() is { } changed
            ? $"{changed.Mode}, epoch {changed.NewEpoch}" : "no mode set";
        return $"{rows.Count} open reservations of '{slice.Name}' ({mode}): {Units("held")} held, "
            + $"{Units("confirmed")} confirmed, {Units("waiting")} waited for.";
    }

    /// <summary>
    /// The open reservations of a slice and its mode in each partition, from outcomes in their order.
    /// </summary>
    private sealed class SliceFold(string name, int partitionCount)
    {
        private readonly PoolPattern pattern = new(name);

        public string Name => name;

        public AllocationOutcomeEvent.AuthorityChanged?[] Modes { get; } =
            new AllocationOutcomeEvent.AuthorityChanged?[partitionCount];

        public Dictionary<(string Pool, string Id), Reservation> Open { get; } = [];

        public void Take(int partition, AllocationOutcome outcome)
        {
            if (outcome.DuplicateOf is not null)
            {
                return;
            }
            if (outcome.Event is AllocationOutcomeEvent.AuthorityChanged changed && changed.Slice == name)
            {
                Modes[partition] = changed;
            }
            if (outcome.PoolId[0] == '$' || !pattern.Matches(outcome.PoolId))
            {
                return;
            }
            foreach (var after in outcome.After)
            {
                var key = (outcome.PoolId, after.ReservationId);
                if (after.Held + after.Confirmed + after.Waiting > 0)
                {
                    Open[key] = after;
                }
                else
                {
                    Open.Remove(key);
                }
            }
        }
    }
}
