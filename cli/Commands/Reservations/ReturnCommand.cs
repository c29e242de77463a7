using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>
/// <c>alloc reservation return</c>: states that consumed units came back. A fact: it is never refused.
/// </summary>
internal static class ReturnCommand
{
    private static readonly Option<ReturnDisposition> Disposition =
        Choice.Of<Option<ReturnDisposition>, ReturnDisposition>(
        new Option<ReturnDisposition>("--disposition")
        {
            Description = "Where the units go",
            HelpName = "free|blocked",
        },
        ReturnDisposition.Free);

    public static Command Create() =>
        new Command("return", "State that consumed units came back")
            .Takes(
                ReservationOptions.Pool, ReservationOptions.Id, ReservationOptions.RequiredQuantity,
                ReservationOptions.ConsumeId,
                Disposition, ReservationOptions.Source, ReservationOptions.Sequence)
            .Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var consumeId = context.Get(ReservationOptions.ConsumeId) ?? CommandId.Next(context.Time);
        var disposition = context.IsGiven(Disposition) ? context.Get(Disposition) : ReturnDisposition.Free;
        var source = context.Get(ReservationOptions.Source);
        var sequence = context.Get(ReservationOptions.Sequence);
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.Return
            {
                ReservationId = context.Get(ReservationOptions.Id),
                Quantity = context.Get(ReservationOptions.RequiredQuantity),
                ConsumeId = consumeId,
                Disposition = disposition,
                Source = source,
                SourceSequence = sequence,
            },
            ReservationOptions.Words(context, "return")
                .And("--quantity", context.Get(ReservationOptions.RequiredQuantity))
                .And("--consume-id", consumeId)
                .And("--disposition", context.IsGiven(Disposition) ? Choice.Word(disposition) : null)
                .And("--source", source).And("--source-sequence", sequence));
    }
}
