using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Processors.Allocation.Ledger.Holds;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>What reservations are searched for by.</summary>
internal static class SearchOptions
{
    public static readonly Option<string?> Order = new("--order")
    {
        Description = "Of this order",
        HelpName = "ref",
    };

    public static readonly Option<string?> Customer = new("--customer")
    {
        Description = "Of this customer",
        HelpName = "ref",
    };

    public static readonly Option<string?> Pool = new("--pool") { Description = "Of this pool", HelpName = "pool" };

    public static readonly Option<ReservationStatus?> Status = new("--status")
    {
        Description = "With this status",
        HelpName = string.Join('|', Enum.GetValues<ReservationStatus>().Where(s => s != ReservationStatus.None)
            .Select(Choice.Word)),
        CustomParser = result =>
        {
            var word = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (Enum.TryParse<ReservationStatus>(word, ignoreCase: true, out var status)
                && Enum.IsDefined(status) && status != ReservationStatus.None && word.All(char.IsAsciiLetter))
            {
                return status;
            }
            result.AddError($"'{word}' is none of {string.Join(", ",
                Enum.GetValues<ReservationStatus>().Where(s => s != ReservationStatus.None).Select(Choice.Word))}.");
            return null;
        },
    };

    public static readonly Option<TimeSpan?> OlderThan = new("--older-than")
    {
        Description = "Created longer ago than this",
        CustomParser = Duration.ParseOptional,
        HelpName = "duration",
    };

    public static readonly Option<TimeSpan?> NewerThan = new("--newer-than")
    {
        Description = "Created no longer ago than this",
        CustomParser = Duration.ParseOptional,
        HelpName = "duration",
    };

    public static Command Searches(this Command command) =>
        command.Takes(Order, Customer, Pool, Status, OlderThan, NewerThan);

    /// <summary>True when something was asked for that narrows the search.</summary>
    public static bool IsNarrowed(CommandContext context) =>
        context.Get(Order) is not null || context.Get(Customer) is not null || context.Get(Pool) is not null
        || context.Get(OlderThan) is not null || context.Get(NewerThan) is not null
        || context.Get(Status) is not null;

    /// <summary>The search as the URL has it, without page and limit.</summary>
    public static string Query(CommandContext context)
    {
        (string Name, string? Value)[] parts =
        [
            ("order", context.Get(Order)),
            ("customer", context.Get(Customer)),
            ("pool", context.Get(Pool)),
            ("status", context.Get(Status)?.ToString()),
            ("olderThan", Text(context.Get(OlderThan))),
            ("newerThan", Text(context.Get(NewerThan))),
        ];
        return string.Concat(parts.Where(p => p.Value is not null)
            .Select(p => $"&{p.Name}={Uri.EscapeDataString(p.Value!)}"));
    }

    private static string? Text(TimeSpan? duration) =>
        duration is { } value ? $"{(long)value.TotalMilliseconds}ms" : null;
}
