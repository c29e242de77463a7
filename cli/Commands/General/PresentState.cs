using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Pools;
using Alloc.Cli.Outcomes;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// What the pool or the reservation of an explanation is now, as far as an instance answers; what the reservation was
/// after the last outcome that is explained; and where others say something else of it.
/// </summary>
internal sealed class PresentState
{
    private static readonly string[] Buckets =
    [
        "granted", "held", "confirmed", "consumed", "returned", "released", "expired", "preempted", "waiting",
        "orphaned",
    ];

    private readonly JsonObject? afterwards;
    private readonly JsonObject? reservation;
    private readonly JsonObject? pool;

    private PresentState(
        JsonObject? afterwards, JsonObject? reservation, JsonObject? pool, ExplainMismatches? mismatches)
    {
        this.afterwards = afterwards;
        this.reservation = reservation;
        this.pool = pool;
        Mismatches = mismatches;
    }

    /// <summary>Where others say something else of the reservation; null: none is explained.</summary>
    public ExplainMismatches? Mismatches { get; private set; }

    public static async Task<PresentState> OfAsync(
        CommandContext context, IReadOnlyList<AllocationOutcome> outcomes, string what,
        CancellationToken cancellation)
    {
        if (outcomes[^1].PoolId == what)
        {
            var pool = await AskAsync(context, $"v1/pools/{Uri.EscapeDataString(what)}", cancellation)
                .ConfigureAwait(false);
            return new PresentState(null, null, pool, null);
        }
        if (outcomes.LastOrDefault(o => o.After.Count > 0) is not { After: [.., var last] } outcome)
        {
            return new PresentState(null, null, null, null);
        }
        var mismatches = ExplainMismatches.OfReservationAsync(
            context, outcome.PoolId, last.ReservationId, cancellation);
        var now = await AskAsync(
            context,
            $"v1/reservations/{Uri.EscapeDataString(outcome.PoolId)}/{Uri.EscapeDataString(last.ReservationId)}",
            cancellation).ConfigureAwait(false);
        return new PresentState(AvroJson.Of(last), now, null, await mismatches.ConfigureAwait(false));
    }

    /// <summary>The order of the same name is meant as well: what others say of it is added.</summary>
    public void Join(ExplainMismatches ofOrder) => Mismatches = Mismatches?.With(ofOrder) ?? ofOrder;

    /// <summary>
    /// Adds what is known as <c>poolNow</c>, or <c>reservationNow</c> and <c>mismatches</c>.
    /// </summary>
    public void AddTo(JsonObject json)
    {
        if (pool is not null)
        {
            json["poolNow"] = pool.DeepClone();
        }
        if (reservation is not null)
        {
            json["reservationNow"] = reservation.DeepClone();
        }
        Mismatches?.AddTo(json);
    }

    public void WritePool(IAnsiConsole console)
    {
        if (pool is not null)
        {
            PoolGetCommand.Write(console, pool);
            console.MarkupLine("[dim]The last decision:[/]");
        }
    }

    public void WriteReservation(IAnsiConsole console)
    {
        if (afterwards is null)
        {
            return;
        }
        var isKnown = reservation is not null;
        if (!isKnown || Version(reservation!) > Version(afterwards))
        {
            Line(console, afterwards, "afterwards");
        }
        if (isKnown)
        {
            Line(console, reservation!, "now");
        }
    }

    // The journal explains without any instance's help.
    private static async Task<JsonObject?> AskAsync(
        CommandContext context, string path, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context, InstanceWord.Patience);
        return (await InstanceWord.AskAsync(console, path, cancellation).ConfigureAwait(false)).Found;
    }

    private static long Version(JsonObject reservation) => reservation["version"]!.GetValue<long>();

    private static void Line(IAnsiConsole console, JsonObject r, string when)
    {
        var units = string.Join(", ", Buckets.Where(b => r[b] is { } v && v.GetValue<long>() != 0)
            .Select(b => $"{b} {r[b]}"));
        var ended = r["endedBy"]!.ToString();
        var said = units.Length > 0 ? units
            : ended == "Nothing" ? "not held yet"
            : Words.Spaced(ended);
        console.MarkupLine($"[dim]{Markup.Escape($"{r["reservationId"]} {when}: {said} (version {Version(r)})")}[/]");
    }
}
