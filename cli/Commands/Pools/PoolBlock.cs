using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Reservations;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Pools;

/// <summary><c>alloc pool block|unblock POOL</c>: takes units out of offer, or puts them back.</summary>
internal static class PoolBlock
{
    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for the record",
        HelpName = "text",
        Required = true,
    };

    public static Command Block() => new Command("block", "Take units out of offer: damaged, embargoed, in repair")
        .Takes(PoolSupply.Pool, ReservationOptions.RequiredQuantity, Reason)
        .Asks(context => Build(context, "block", new AllocationCommandBody.Block
        {
            Quantity = context.Get(ReservationOptions.RequiredQuantity),
            Reason = context.Get(Reason),
        }));

    public static Command Unblock() => new Command("unblock", "Put units back on offer")
        .Takes(PoolSupply.Pool, ReservationOptions.RequiredQuantity, Reason)
        .Asks(context => Build(context, "unblock", new AllocationCommandBody.Unblock
        {
            Quantity = context.Get(ReservationOptions.RequiredQuantity),
            Reason = context.Get(Reason),
        }));

    private static Ask Build(CommandContext context, string verb, AllocationCommandBody body) => new(
        context.Get(PoolSupply.Pool), body,
        new List<string> { "pool", verb, context.Get(PoolSupply.Pool) }
            .And("--quantity", context.Get(ReservationOptions.RequiredQuantity)).And("--reason", context.Get(Reason)));
}
