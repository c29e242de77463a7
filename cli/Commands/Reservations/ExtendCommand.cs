using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation extend</c>: lets a hold live longer.</summary>
internal static class ExtendCommand
{
    private static readonly Option<TimeSpan> Ttl = new("--ttl")
    {
        Description = "How long it shall live from now",
        CustomParser = Duration.Parse,
        Required = true,
        HelpName = "duration",
    };

    public static Command Create() =>
        new Command("extend", "Let a hold live longer")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, Ttl).Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var ttl = (long)context.Get(Ttl).TotalMilliseconds;
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.Extend { ReservationId = context.Get(ReservationOptions.Id), TtlMs = ttl },
            ReservationOptions.Words(context, "extend").And("--ttl", $"{ttl}ms"));
    }
}
