using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Reservations;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Pools;

/// <summary><c>alloc pool configure POOL</c>: says what a pool is.</summary>
internal static class PoolConfigureCommand
{
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
        Description = "The one source whose counts are taken",
        DefaultValueFactory = _ => PoolSupply.OperatorSource,
        HelpName = "name",
    };

    private static readonly Option<long?> Maximum = new("--maximum")
    {
        Description = "The largest quantity that one request can ever get",
        HelpName = "units",
    };

    private static readonly Option<string?> ServiceAt = PointInTime.Option(
        "--service-at", "When the resource is used, ISO 8601");

    private static readonly Option<string?> ClosesAt = PointInTime.Option(
        "--closes-at", "From when on no hold is accepted, ISO 8601");

    public static Command Create() =>
        new Command("configure", "Say what a pool is; makes it if it is new")
            .Takes(PoolSupply.Pool, Kind, Unit, SnapshotSource, Maximum, ServiceAt, ClosesAt).Asks(Build);

    private static Ask Build(CommandContext context)
    {
        var pool = context.Get(PoolSupply.Pool);
        var kind = context.IsGiven(Kind) ? context.Get(Kind) : PoolKind.Stock;
        return new Ask(
            pool,
            new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings
                {
                    Kind = kind,
                    Unit = context.Get(Unit),
                    SnapshotSource = context.Get(SnapshotSource),
                    MaximumCapacity = context.Get(Maximum),
                    ServiceAtMs = PointInTime.Get(context, ServiceAt),
                    ClosesAtMs = PointInTime.Get(context, ClosesAt),
                },
            },
            new List<string> { "pool", "configure", pool }.And("--kind", Choice.Word(kind))
                .And("--unit", context.Get(Unit))
                .And("--snapshot-source", context.Get(SnapshotSource)).And("--maximum", context.Get(Maximum))
                .And("--service-at", context.Get(ServiceAt)).And("--closes-at", context.Get(ClosesAt)));
    }
}
