using System.Net;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Pools;
using Alloc.Cli.Outcomes;
using Alloc.Client;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// What the pool or the reservation of an explanation is now, as far as an instance answers; and what the reservation
/// was after the last outcome that is explained.
/// </summary>
internal sealed class PresentState
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly string[] Buckets =
    [
        "granted", "held", "confirmed", "consumed", "returned", "released", "expired", "preempted", "waiting",
        "orphaned",
    ];

    private readonly JsonObject? afterwards;
    private readonly JsonObject? reservation;
    private readonly JsonObject? pool;

    private PresentState(JsonObject? afterwards, JsonObject? reservation, JsonObject? pool)
    {
        this.afterwards = afterwards;
        this.reservation = reservation;
        this.pool = pool;
    }

    public static async Task<PresentState> OfAsync(
        CommandContext context, IReadOnlyList<AllocationOutcome> outcomes, string what,
        CancellationToken cancellation)
    {
        if (outcomes[^1].PoolId == what)
        {
            var pool = await AskAsync(context, $"v1/pools/{Uri.EscapeDataString(what)}", cancellation)
                .ConfigureAwait(false);
            return new PresentState(null, null, pool);
        }
        if (outcomes.LastOrDefault(o => o.After.Count > 0) is not { After: [.., var last] } outcome)
        {
            return new PresentState(null, null, null);
        }
        var now = await AskAsync(
            context,
            $"v1/reservations/{Uri.EscapeDataString(outcome.PoolId)}/{Uri.EscapeDataString(last.ReservationId)}",
            cancellation).ConfigureAwait(false);
        return new PresentState(AvroJson.Of(last), now, null);
    }

    /// <summary>Adds what is known as <c>poolNow</c> or <c>reservationNow</c>.</summary>
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
        try
        {
            using var console = JsonHttp.Console(context, Patience);
            var (status, body) = await console.TryAsync(HttpMethod.Get, path, cancellation).ConfigureAwait(false);
            return status == HttpStatusCode.OK ? body as JsonObject : null;
        }
        catch (AllocException e) when (e.Kind is FailureKind.Unavailable or FailureKind.Failed)
        {
            return null;
        }
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
