using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation confirm</c>: turns what is held into a commitment.</summary>
internal static class ConfirmCommand
{
    private static readonly Option<long?> Total = new("--quantity", "-q")
    {
        Description = "The total that shall be confirmed or consumed afterwards; all that is held too if not given",
        HelpName = "units",
    };

    private static readonly Option<Remainder> Rest = Choice.Of<Option<Remainder>, Remainder>(
        new Option<Remainder>("--remainder")
        {
            Description = "What becomes of the rest of the hold",
            HelpName = "release|keep",
        },
        Remainder.Release);

    private static readonly Option<string?> Group = new("--commit-group")
    {
        Description = "The group that it was held for is past its point of no return: nothing aborts it any more",
        HelpName = "id",
    };

    public static Command Create() =>
        new Command("confirm", "Confirm what is held")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, Total, Rest, Group).Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var rest = context.IsGiven(Rest) ? context.Get(Rest) : Remainder.Release;
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.Confirm
            {
                ReservationId = context.Get(ReservationOptions.Id),
                Quantity = context.Get(Total),
                Remainder = rest,
                CommitGroup = context.Get(Group),
            },
            ReservationOptions.Words(context, "confirm").And("--quantity", context.Get(Total))
                .And("--remainder", context.IsGiven(Rest) ? Choice.Word(rest) : null)
                .And("--commit-group", context.Get(Group)));
    }
}
