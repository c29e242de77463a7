using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Reservations;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.General;

/// <summary><c>alloc approve COMMAND-ID --pool POOL</c>: the second pair of eyes.</summary>
internal static class ApproveCommand
{
    private static readonly Argument<string> CommandId = new("command-id")
    {
        Description = "The command that waits for an approval",
    };

    public static Command Create() =>
        new Command("approve", "Let a command take effect that another person asked for")
            .Takes(CommandId, ReservationOptions.Pool).Asks(Build);

    private static Ask Build(CommandContext context) => new(
        context.Get(ReservationOptions.Pool),
        new AllocationCommandBody.Approve { ApprovedCommandId = context.Get(CommandId) },
        new List<string> { "approve", context.Get(CommandId) }.And("--pool", context.Get(ReservationOptions.Pool)));
}
