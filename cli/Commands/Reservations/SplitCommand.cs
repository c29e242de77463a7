using System.CommandLine;
using System.Globalization;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation split</c>: gives parts of a reservation ids of their own.</summary>
internal static class SplitCommand
{
    private static readonly Option<string[]> Part = new("--part")
    {
        Description = "One part RESERVATION=UNITS with an id of its own; may be repeated. The rest stays",
        HelpName = "id=units",
        Required = true,
    };

    public static Command Create() =>
        new Command("split", "Give parts of a reservation ids of their own")
            .Takes(ReservationOptions.Pool, ReservationOptions.Id, Part).Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var parts = context.Get(Part).Select(Parse).ToList();
        var words = ReservationOptions.Words(context, "split");
        foreach (var part in parts)
        {
            words.And("--part", $"{part.ReservationId}={part.Quantity}");
        }
        return new Ask(
            context.Get(ReservationOptions.Pool),
            new AllocationCommandBody.Split { ReservationId = context.Get(ReservationOptions.Id), Parts = parts },
            words);
    }

    private static SplitPart Parse(string text)
    {
        var equals = text.LastIndexOf('=');
        return equals > 0 && !string.IsNullOrWhiteSpace(text[..equals])
            && long.TryParse(
                text[(equals + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var units)
            ? new SplitPart { ReservationId = text[..equals], Quantity = units }
            : throw AllocException.Usage($"--part: '{text}' is not RESERVATION=UNITS.");
    }
}
