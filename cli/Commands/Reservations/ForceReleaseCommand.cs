using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>
/// <c>alloc reservation force-release</c>: an operator's release. Confirmed units wait for another person's
/// <c>alloc approve</c>.
/// </summary>
internal static class ForceReleaseCommand
{
    public static readonly Option<string> Ticket = new("--ticket")
    {
        Description = "The ticket that says so",
        HelpName = "id",
        Required = true,
    };

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for the record",
        HelpName = "text",
        Required = true,
    };

    private static readonly Option<ReleaseBucket> Bucket = Choice.Of<Option<ReleaseBucket>, ReleaseBucket>(
        new Option<ReleaseBucket>("--bucket") { Description = "Which part of it", HelpName = "all|held|confirmed" },
        ReleaseBucket.All);

    public static Command Create() =>
        new Command("force-release", "Take a promise back as an operator; confirmed units need an approval")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, ReservationOptions.Quantity, Bucket, Reason, Ticket)
            .Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var bucket = context.IsGiven(Bucket) ? context.Get(Bucket) : ReleaseBucket.All;
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.ForceRelease
            {
                ReservationId = context.Get(ReservationOptions.Id),
                Quantity = context.Get(ReservationOptions.Quantity),
                Bucket = bucket,
                Reason = context.Get(Reason),
                Ticket = context.Get(Ticket),
            },
            ReservationOptions.Words(context, "force-release")
                .And("--quantity", context.Get(ReservationOptions.Quantity))
                .And("--bucket", context.IsGiven(Bucket) ? Choice.Word(bucket) : null)
                .And("--reason", context.Get(Reason)).And("--ticket", context.Get(Ticket)));
    }
}
