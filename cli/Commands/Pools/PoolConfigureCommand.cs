using System.CommandLine;
using System.Globalization;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Reservations;
using Alloc.Client;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Pools;

/// <summary>
/// <c>alloc pool configure POOL</c>: says what a pool is. A new pool takes the defaults for what is not named; of one
/// that is configured only what is named changes, which the ledger sees to: nothing is read first.
/// </summary>
internal static class PoolConfigureCommand
{
    /// <summary>Clears a setting.</summary>
    private const string None = "none";

    private static readonly Option<PoolKind> Kind = Choice.Of<Option<PoolKind>, PoolKind>(
        new Option<PoolKind>("--kind")
        {
            Description = "Stock: units leave for good. Capacity: parts of a total are in use",
            HelpName = "stock|capacity",
        },
        PoolKind.Stock);

    private static readonly Option<string> Unit = new("--unit")
    {
        Description = "The name of one unit",
        DefaultValueFactory = _ => "unit",
        HelpName = "name",
    };

    private static readonly Option<string> SnapshotSource = new("--snapshot-source")
    {
        Description = "The one source whose counts are taken; none: no count is",
        DefaultValueFactory = _ => PoolSupply.OperatorSource,
        HelpName = "name",
    };

    private static readonly Option<string?> Maximum = new("--maximum")
    {
        Description = "The largest quantity that one request can ever get; none: no bound",
        HelpName = "units",
    };

    private static readonly Option<string?> ServiceAt = PointInTime.Option(
        "--service-at", "When the resource is used, ISO 8601; none: at no time", None);

    private static readonly Option<string?> ClosesAt = PointInTime.Option(
        "--closes-at", "From when on no units are granted and nobody waits, ISO 8601; none: it stays open", None);

    private static readonly (Option Option, PoolSetting Setting)[] Settings =
    [
        (Kind, PoolSetting.Kind), (Unit, PoolSetting.Unit), (SnapshotSource, PoolSetting.SnapshotSource),
        (Maximum, PoolSetting.MaximumCapacity), (ServiceAt, PoolSetting.ServiceAt), (ClosesAt, PoolSetting.ClosesAt),
    ];

    public static Command Create() =>
        new Command(
            "configure", "Say what a pool is; makes it if it is new, else changes what is named and keeps the rest")
            .Takes([PoolSupply.Pool, .. Settings.Select(s => s.Option)]).Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var pool = context.Get(PoolSupply.Pool);
        var given = Settings.Where(s => context.IsGiven(s.Option)).ToList();
        var words = new List<string> { "pool", "configure", pool };
        foreach (var (option, _) in given)
        {
            // Of a time the one that was taken: asked again later, +15m would be another.
            words.And(
                option.Name,
                option == ServiceAt || option == ClosesAt
                    ? context.Get((Option<string?>)option)
                    : context.Parsed.GetResult(option)!.Tokens[0].Value);
        }
        return new Ask(
            pool,
            new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings
                {
                    Kind = context.Get(Kind),
                    Unit = context.Get(Unit),
                    SnapshotSource = Named(context.Get(SnapshotSource)),
                    MaximumCapacity = Units(context.Get(Maximum)),
                    ServiceAtMs = Time(context, ServiceAt),
                    ClosesAtMs = Time(context, ClosesAt),
                },
                Set = [.. given.Select(s => s.Setting)],
            },
            words);
    }

    private static string? Named(string? text) => IsNone(text) ? null : text;

    private static long? Time(CommandContext context, Option<string?> option) =>
        IsNone(context.Get(option)) ? null : PointInTime.Get(context, option);

    private static long? Units(string? text)
    {
        if (text is null || IsNone(text))
        {
            return null;
        }
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var units)
            ? units
            : throw AllocException.Usage($"{Maximum.Name}: '{text}' is neither a whole number of units nor {None}.");
    }

    private static bool IsNone(string? text) => string.Equals(text, None, StringComparison.OrdinalIgnoreCase);
}
