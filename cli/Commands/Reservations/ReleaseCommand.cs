using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation release</c>: gives a promise back.</summary>
internal static class ReleaseCommand
{
    private static readonly Option<ReleaseBucket> Bucket = Choice.Of<Option<ReleaseBucket>, ReleaseBucket>(
        new Option<ReleaseBucket>("--bucket") { Description = "Which part of it", HelpName = "all|held|confirmed" },
        ReleaseBucket.All);

    public static Command Create() =>
        new Command("release", "Give back what is held or confirmed")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, ReservationOptions.Quantity, Bucket,
                ReservationOptions.Reason)
            .Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var bucket = context.IsGiven(Bucket) ? context.Get(Bucket) : ReleaseBucket.All;
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.Release
            {
                ReservationId = context.Get(ReservationOptions.Id),
                Quantity = context.Get(ReservationOptions.Quantity),
                Bucket = bucket,
                Reason = context.Get(ReservationOptions.Reason),
            },
            ReservationOptions.Words(context, "release").And("--quantity", context.Get(ReservationOptions.Quantity))
                .And("--bucket", context.IsGiven(Bucket) ? Choice.Word(bucket) : null)
                .And("--reason", context.Get(ReservationOptions.Reason)));
    }
}
