using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation import</c>: takes over what another system promised.</summary>
internal static class ImportCommand
{
    private static readonly Option<long> Held = new("--held")
    {
        Description = "Units promised until they expire",
        HelpName = "units",
    };

    private static readonly Option<long> Confirmed = new("--confirmed")
    {
        Description = "Units committed",
        HelpName = "units",
    };

    private static readonly Option<string?> ExpiresAt = PointInTime.Option(
        "--expires-at", "When the held part expires, ISO 8601");

    public static Command Create() =>
        new Command("import", "Take over a promise of another system, into a frozen pool")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, Held, Confirmed, ExpiresAt, ReservationOptions.Class,
                ReservationOptions.Order, ReservationOptions.Customer)
            .Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var (held, confirmed) = (context.Get(Held), context.Get(Confirmed));
        if (held == 0 && confirmed == 0)
        {
            throw AllocException.Usage("Say how many: --held, --confirmed, or both.");
        }
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.Import
            {
                ReservationId = context.Get(ReservationOptions.Id),
                Held = held,
                Confirmed = confirmed,
                ExpiresAtMs = PointInTime.Get(context, ExpiresAt),
                Class = context.Get(ReservationOptions.Class),
                OrderRef = context.Get(ReservationOptions.Order),
                CustomerRef = context.Get(ReservationOptions.Customer),
            },
            ReservationOptions.Words(context, "import").And("--held", held).And("--confirmed", confirmed)
                .And("--expires-at", context.Get(ExpiresAt)).And("--class", context.Get(ReservationOptions.Class))
                .And("--order", context.Get(ReservationOptions.Order))
                .And("--customer", context.Get(ReservationOptions.Customer)));
    }
}
