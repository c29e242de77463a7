using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation history</c>: everything that happened to a reservation, from the journal.</summary>
internal static class ReservationHistoryCommand
{
    public static Command Create() =>
        new Command("history", "Show what happened to a reservation")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, Histories.Count, Histories.Follow)
            .TalksToKafka().TalksToRegistry()
            .Runs((context, cancellation) =>
            {
                var pool = context.Get(ReservationOptions.Pool);
                var id = context.Get(ReservationOptions.Id);
                return Histories.RunAsync(
                    context,
                    pool,
                    outcome => Involved.Reservation(outcome, id),
                    found => Involved.IsWhole(found, id),
                    $"Nothing ever happened to a reservation {id} of pool {pool}.",
                    cancellation);
            });
}
