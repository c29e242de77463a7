using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation amend</c>: changes how many units a reservation is for.</summary>
internal static class AmendCommand
{
    private static readonly Option<long> Total = new("--quantity", "-q")
    {
        Description = "Units held and confirmed afterwards; fewer takes held ones first",
        HelpName = "units",
        Required = true,
    };

    public static Command Create() =>
        new Command("amend", "Change how many units a reservation is for")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, Total).Asks(Build);

    private static Ask Build(CommandContext context) => new(
        context.Get(ReservationOptions.Pool),
        new AllocationCommandBody.Amend
        {
            ReservationId = context.Get(ReservationOptions.Id),
            NewQuantity = context.Get(Total),
        },
        ReservationOptions.Words(context, "amend").And("--quantity", context.Get(Total)));
}
