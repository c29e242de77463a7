using System.CommandLine;
using System.Globalization;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation hold</c>: asks for a promise that expires.</summary>
internal static class HoldCommand
{
    private static readonly Option<long?> Minimum = new("--minimum")
    {
        Description = "With --mode partial: the least that is of use",
        HelpName = "units",
    };

    private static readonly Option<HoldMode> Mode = Choice.Of<Option<HoldMode>, HoldMode>(
        new Option<HoldMode>("--mode")
        {
            Description = "What to do when not all is available",
            HelpName = "all-or-nothing|partial|waitlist",
        },
        HoldMode.AllOrNothing);

    private static readonly Option<TimeSpan?> Ttl = new("--ttl")
    {
        Description = "How long the hold lives; the policy's default if not given",
        CustomParser = Duration.ParseOptional,
        HelpName = "duration",
    };

    private static readonly Option<string?> WaitUntil = PointInTime.Option(
        "--wait-until", "With --mode waitlist: until when, ISO 8601; as long as the policy allows if not given");

    private static readonly Option<string?> Dealer = new("--dealer")
    {
        Description = "The dealer whose quota it counts against",
        HelpName = "ref",
    };

    private static readonly Option<string[]> Attribute = new("--attribute")
    {
        Description = "One NAME=VALUE that the policy's class table looks at; may be repeated",
        HelpName = "name=value",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string?> Group = new("--group")
    {
        Description = "The group of holds it belongs to",
        HelpName = "id",
    };

    private static readonly Option<string[]> Line = new("--line")
    {
        Description =
            "One line RESERVATION=UNITS of a request with several, instead of --id and --quantity; may be repeated",
        HelpName = "id=units",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string?> Id = new("--id")
    {
        Description = "The reservation's id, chosen by you",
        HelpName = "reservation",
    };

    public static Command Create() =>
        new Command("hold", "Hold units of a pool until they are confirmed, released or expire")
            .Takes(ReservationOptions.Pool, Id, ReservationOptions.Quantity, Line, Minimum, Mode, Ttl, WaitUntil,
                ReservationOptions.Class, ReservationOptions.Order, ReservationOptions.Customer, Dealer, Attribute,
                Group)
            .Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var pool = context.Get(ReservationOptions.Pool);
        var lines = context.Get(Line).Select(Parse).ToList();
        var id = context.Get(Id);
        var quantity = context.Get(ReservationOptions.Quantity);
        if (lines.Count == 0 ? id is null || quantity is null : id is not null || quantity is not null)
        {
            throw AllocException.Usage("Give --id and --quantity, or one --line RESERVATION=UNITS for each line.");
        }
        var ttl = context.Get(Ttl);
        var mode = context.IsGiven(Mode) ? context.Get(Mode) : HoldMode.AllOrNothing;
        var words = new List<string> { "reservation", "hold", "--pool", pool }.And("--id", id)
            .And("--quantity", quantity);
        foreach (var line in lines)
        {
            words.And("--line", $"{line.ReservationId}={line.Quantity}");
        }
        words.And("--minimum", context.Get(Minimum)).And("--mode", context.IsGiven(Mode) ? Choice.Word(mode) : null)
            .And("--ttl", ttl is { } life ? $"{(long)life.TotalMilliseconds}ms" : null)
            .And("--class", context.Get(ReservationOptions.Class))
            .And("--order", context.Get(ReservationOptions.Order))
            .And("--customer", context.Get(ReservationOptions.Customer))
            .And("--group", context.Get(Group)).And("--dealer", context.Get(Dealer));
        foreach (var attribute in context.Get(Attribute))
        {
            words.And("--attribute", attribute);
        }
        words.And("--wait-until", context.Get(WaitUntil));
        return new Ask(
            pool,
            new AllocationCommandBody.Hold
            {
                ReservationId = id,
                Quantity = quantity,
                Lines = lines,
                MinQuantity = context.Get(Minimum),
                Mode = mode,
                TtlMs = ttl is { } t ? (long)t.TotalMilliseconds : null,
                Class = context.Get(ReservationOptions.Class),
                OrderRef = context.Get(ReservationOptions.Order),
                CustomerRef = context.Get(ReservationOptions.Customer),
                GroupId = context.Get(Group),
                WaitUntilMs = PointInTime.Get(context, WaitUntil),
                Attributes = Attributes(context),
            },
            words);
    }

    private static Dictionary<string, string> Attributes(CommandContext context)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in context.Get(Attribute))
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || string.IsNullOrWhiteSpace(text[..equals])
                || string.IsNullOrWhiteSpace(text[(equals + 1)..])
                || !attributes.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw AllocException.Usage(
                    $"--attribute: '{text}' is not NAME=VALUE, neither of them empty, and each name once.");
            }
        }
        if (context.Get(Dealer) is { } dealer && !attributes.TryAdd(Scopes.DealerAttribute, dealer))
        {
            throw AllocException.Usage($"--dealer is the attribute {Scopes.DealerAttribute}: give one of them.");
        }
        return attributes;
    }

    private static HoldLine Parse(string text)
    {
        var equals = text.LastIndexOf('=');
        return equals > 0 && !string.IsNullOrWhiteSpace(text[..equals])
            && long.TryParse(
                text[(equals + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var units)
            ? new HoldLine { ReservationId = text[..equals], Quantity = units }
            : throw AllocException.Usage($"--line: '{text}' is not RESERVATION=UNITS.");
    }
}
