using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation consume</c>: states that units were used up. A fact: it is never refused.</summary>
internal static class ConsumeCommand
{
    private static readonly Option<string?> OccurredAt = PointInTime.Option(
        "--occurred-at", "When it happened, ISO 8601; now if not given");

    public static Command Create() =>
        new Command("consume", "State that units were used up")
            .Takes(
                ReservationOptions.Pool, ReservationOptions.Id, ReservationOptions.RequiredQuantity,
                ReservationOptions.ConsumeId,
                OccurredAt, ReservationOptions.Source, ReservationOptions.Sequence)
            .Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var occurredAt = PointInTime.Get(context, OccurredAt)
            ?? context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var consumeId = context.Get(ReservationOptions.ConsumeId) ?? CommandId.Next(context.Time);
        var source = context.Get(ReservationOptions.Source);
        var sequence = context.Get(ReservationOptions.Sequence);
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.Consume
            {
                ReservationId = context.Get(ReservationOptions.Id),
                Quantity = context.Get(ReservationOptions.RequiredQuantity),
                ConsumeId = consumeId,
                OccurredAtMs = occurredAt,
                Source = source,
                SourceSequence = sequence,
            },
            ReservationOptions.Words(context, "consume")
                .And("--quantity", context.Get(ReservationOptions.RequiredQuantity))
                .And("--consume-id", consumeId)
                .And("--occurred-at", TimeText.Show(occurredAt))
                .And("--source", source).And("--source-sequence", sequence));
    }
}
