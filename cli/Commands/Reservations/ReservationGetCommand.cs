using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Spectre.Console;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation get</c>: a reservation as the ledger has it now.</summary>
internal static class ReservationGetCommand
{
    private static readonly string[] Buckets =
        ["held", "confirmed", "consumed", "returned", "released", "expired", "preempted", "waiting"];

    public static Command Create() =>
        new Command("get", "Show a reservation")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, ClientOptions.Timeout)
            .TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var pool = Uri.EscapeDataString(context.Get(ReservationOptions.Pool));
        var id = Uri.EscapeDataString(context.Get(ReservationOptions.Id));
        var found = await console.GetAsync($"v1/reservations/{pool}/{id}", cancellation).ConfigureAwait(false);
        context.Screen.One(found, screen => Write(screen, found, context.Time));
        return ExitCode.Ok;
    }

    private static void Write(IAnsiConsole screen, JsonNode r, TimeProvider clock)
    {
        screen.MarkupLine(
            $"[bold]{Markup.Escape(TableText.Visible(r["reservationId"]!.ToString()))}[/]  "
            + $"{Markup.Escape(r["status"]!.ToString())}  " +
            $"[dim]pool {Markup.Escape(TableText.Visible(r["poolId"]!.ToString()))}[/]");
        var buckets = Buckets.Where(b => r[b]!.GetValue<long>() != 0).Select(b => $"{b} {r[b]}");
        Fields.Write(
            screen, "units", $"granted {r["granted"]}: {string.Join(", ", buckets.DefaultIfEmpty("nothing"))}");
        if (r["held"]!.GetValue<long>() > 0 && r["expiresAt"] is { } expires)
        {
            Fields.Write(screen, "expires", Words.Time(expires, clock));
        }
        foreach (var name in new[] { "orderRef", "customerRef", "groupId" })
        {
            if (r[name] is { } value)
            {
                Fields.Write(screen, name.Replace("Ref", "", StringComparison.Ordinal)
                    .Replace("Id", "", StringComparison.Ordinal), value.ToString());
            }
        }
        Fields.Write(screen, "version", $"{r["version"]}");
    }
}
