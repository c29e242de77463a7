using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation reassign</c>: gives a reservation to another order or customer.</summary>
internal static class ReassignCommand
{
    private static readonly Option<string?> Order = new("--to-order")
    {
        Description = "The order it belongs to from now on",
        HelpName = "ref",
    };

    private static readonly Option<string?> Customer = new("--to-customer")
    {
        Description = "The customer it belongs to from now on",
        HelpName = "ref",
    };

    public static Command Create() =>
        new Command("reassign", "Give a reservation to another order or customer")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, Order, Customer).Asks(Build);

    private static Ask Build(CommandContext context)
    {
        if (context.Get(Order) is null && context.Get(Customer) is null)
        {
            throw AllocException.Usage("Say to whom: --to-order, --to-customer, or both.");
        }
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.Reassign
            {
                ReservationId = context.Get(ReservationOptions.Id),
                ToOrderRef = context.Get(Order),
                ToCustomerRef = context.Get(Customer),
            },
            ReservationOptions.Words(context, "reassign").And("--to-order", context.Get(Order))
                .And("--to-customer", context.Get(Customer)));
    }
}
