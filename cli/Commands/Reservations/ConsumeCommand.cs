using System.CommandLine;
using System.Globalization;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation consume</c>: states that units were used up. A fact: it is never refused.</summary>
internal static class ConsumeCommand
{
    private static readonly Option<string?> OccurredAt = new("--occurred-at")
    {
        Description = "When it happened, ISO 8601; now if not given",
        HelpName = "time",
    };

    public static Command Create() =>
        new Command("consume", "State that units were used up")
            .Takes(
                ReservationOptions.Pool, ReservationOptions.Id, ReservationOptions.RequiredQuantity,
                ReservationOptions.ConsumeId,
                OccurredAt, ReservationOptions.Source, ReservationOptions.Sequence)
            .Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var occurredAt = context.Get(OccurredAt) is { } text
            ? Parse(text)
            : context.Time.GetUtcNow().ToUnixTimeMilliseconds();
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
                .And("--occurred-at", DateTimeOffset.FromUnixTimeMilliseconds(occurredAt)
                    .ToString("o", CultureInfo.InvariantCulture))
                .And("--source", source).And("--source-sequence", sequence));
    }

    private static long Parse(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUnixTimeMilliseconds()
            : throw CliException.Usage(
                $"--occurred-at: '{text}' is not a time; write for instance 2026-03-01T09:30:00Z.");
}
