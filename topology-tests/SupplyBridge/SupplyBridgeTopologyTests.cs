using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Processors.SupplyBridge;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Warehouse;
using Topology.Tests.Topology;

namespace Topology.Tests.SupplyBridge;

/// <summary>What commands the facts of warehouses become.</summary>
public sealed class SupplyBridgeTopologyTests : IDisposable
{
    private const string Gearbox = SupplyBridgeDriver.Gearbox;
    private readonly SupplyBridgeDriver bridge = new();

    /// <summary>Every kind of movement, and the body of its command.</summary>
    public static TheoryData<MovementKind, long, AllocationCommandBody> Movements() => new()
    {
        {
            MovementKind.Shipped, 2, new AllocationCommandBody.Consume
            {
                ReservationId = "order-1/1",
                Quantity = 2,
                ConsumeId = "m-7",
                OccurredAtMs = 1,
                Source = "wms",
                SourceSequence = 7,
            }
        },
        {
            MovementKind.Returned, 2, new AllocationCommandBody.Return
            {
                ReservationId = "order-1/1",
                Quantity = 2,
                ConsumeId = "m-7",
                Disposition = ReturnDisposition.Free,
                Source = "wms",
                SourceSequence = 7,
            }
        },
        { MovementKind.Received, 5, Delta(5) },
        { MovementKind.Adjusted, 3, Delta(3) },
        { MovementKind.Adjusted, -3, Delta(-3) },
        { MovementKind.Adjusted, long.MinValue, Delta(long.MinValue) },
        { MovementKind.Scrapped, 4, Delta(-4) },
        { MovementKind.Scrapped, long.MaxValue, Delta(-long.MaxValue) },
    };

    public void Dispose() => bridge.Dispose();

    [Theory]
    [MemberData(nameof(Movements))]
    public void A_movement_becomes_the_command_of_its_kind(
        MovementKind kind, long quantity, AllocationCommandBody expected)
    {
        bridge.Pipe(SupplyBridgeDriver.Moved(7, kind, quantity, "order-1/1") with { OrderRef = "order-1" });

        var (record, command) = Assert.Single(bridge.Commands());

        Assert.Equal(
            new AllocationCommand
            {
                CommandId = "sb/wms/parts/gearbox/7",
                PoolId = Gearbox,
                Actor = new Actor { Type = ActorType.Service, Id = "wms" },
                CorrelationId = "order/order-1",
                CausationId = "m-7",
                IssuedAtMs = AllocationDriver.StartMs,
                Body = expected,
            },
            command);
        Assert.Equal((Gearbox, AllocationDriver.StartMs), (Encoding.UTF8.GetString(record.Key!), record.TimestampMs));
    }

    [Theory]
    [InlineData(9L, null)]
    [InlineData(0L, 4L)]
    [InlineData(null, null)]
    public void A_count_becomes_a_snapshot(long? through, long? blocked)
    {
        bridge.Pipe(SupplyBridgeDriver.Counted(3, 12, through) with { Blocked = blocked });

        var (_, command) = Assert.Single(bridge.Commands());

        Assert.Equal(
            new AllocationCommand
            {
                CommandId = "sb/wms/parts/gearbox/v3",
                PoolId = Gearbox,
                Actor = new Actor { Type = ActorType.Service, Id = "wms" },
                CorrelationId = "sb/wms/parts/gearbox/v3",
                IssuedAtMs = AllocationDriver.StartMs,
                Body = new AllocationCommandBody.SupplySnapshot
                {
                    Source = "wms",
                    Version = 3,
                    Quantity = 12,
                    Blocked = blocked,
                    Through = through,
                },
            },
            command);
    }

    [Fact]
    public void Goods_that_came_back_damaged_are_no_offer()
    {
        bridge.Pipe(SupplyBridgeDriver.Moved(1, MovementKind.Returned, 1) with
        {
            Disposition = ReturnDisposition.Blocked,
        });

        var returned = Assert.IsType<AllocationCommandBody.Return>(Assert.Single(bridge.Commands()).Command.Body);

        Assert.Equal(ReturnDisposition.Blocked, returned.Disposition);
    }

    [Theory]
    [InlineData(MovementKind.Shipped)]
    [InlineData(MovementKind.Returned)]
    public void Goods_that_moved_for_no_reservation_have_one_made_of_the_movement(MovementKind kind)
    {
        bridge.Pipe(SupplyBridgeDriver.Moved(1, kind, 1));

        var command = Assert.Single(bridge.Commands()).Command;

        Assert.Equal("movement/m-1", command.Body switch
        {
            AllocationCommandBody.Consume consume => consume.ReservationId,
            AllocationCommandBody.Return returned => returned.ReservationId,
            _ => null,
        });
        Assert.Equal("sb/wms/parts/gearbox/1", command.CorrelationId);
    }

    [Fact]
    public void An_order_too_long_to_be_a_correlation_is_left_out_and_the_fact_is_not()
    {
        bridge.Pipe(SupplyBridgeDriver.Moved(1, MovementKind.Shipped, 1) with { OrderRef = new string('o', 256) });

        var command = Assert.Single(bridge.Commands()).Command;

        Assert.Equal("sb/wms/parts/gearbox/1", command.CorrelationId);
    }

    [Fact]
    public void A_command_goes_where_its_pool_belongs_whatever_partition_the_fact_came_in()
    {
        using var wide = new SupplyBridgeDriver(partitionCount: 4);
        var home = Murmur2.Partition(Encoding.UTF8.GetBytes(Gearbox), 4);

        for (var partition = 0; partition < 4; partition++)
        {
            wide.Pipe(SupplyBridgeDriver.Moved(partition + 1, MovementKind.Received, 1), partition: partition);
            wide.Pipe(SupplyBridgeDriver.Counted(partition, 1, null), partition: partition);
        }

        var commands = wide.Commands();
        Assert.Equal(8, commands.Count);
        Assert.All(commands, c => Assert.Equal(home, c.Record.Partition));
    }

    [Fact]
    public void The_same_log_gives_the_same_bytes_and_so_it_does_to_whoever_takes_over_in_the_middle()
    {
        using var again = new SupplyBridgeDriver();
        var facts = Enumerable.Range(1, 40).Select(n => n % 5 == 0
            ? (object)SupplyBridgeDriver.Counted(n, n, n)
            : SupplyBridgeDriver.Moved(n, (MovementKind)(1 + (n % 5)), n, n % 2 == 0 ? "r" : null)).ToList();

        foreach (var (index, fact) in facts.Index())
        {
            bridge.Pipe(fact);
            again.Pipe(fact);
            if (index == 17)
            {
                again.Driver.Kill();
            }
        }

        Assert.Equal(Log(bridge), Log(again));
        Assert.Equal(40, Log(bridge).Count);
    }

    [Fact]
    public void Options_are_those_of_the_catalogue()
    {
        var options = SupplyBridgeOptions.For(TopicCatalogue.Load().WithPrefix("x."), "x.");

        Assert.Equal(
            new SupplyBridgeOptions
            {
                MovementTopic = "x.warehouse.movements",
                MovementDeadLetterTopic = "x.warehouse.movements.dlq",
                StockTopic = "x.supply.stock",
                StockDeadLetterTopic = "x.supply.stock.dlq",
                CommandTopic = "x.allocation.commands",
            },
            options);
    }

    [Fact]
    public void Both_topics_have_the_brokers_time_and_dead_letters()
    {
        var serdes = new SupplyBridgeSerdes(new InMemorySchemaRegistryClient(), bridge.Options);

        var sources = SupplyBridgeTopology.Build(bridge.Options, serdes).SubTopologies
            .SelectMany(s => s.Sources).Select(s => s.Options).ToList();

        Assert.Equal(2, sources.Count);
        Assert.All(sources, s => Assert.True(s.RequireLogAppendTime));
        Assert.Equal(
            ["supply.stock.dlq", "warehouse.movements.dlq"], sources.Select(s => s.DeadLetterTopic).Order());
    }

    private static AllocationCommandBody.SupplyDelta Delta(long quantity) =>
        new() { Source = "wms", SourceSequence = 7, Quantity = quantity };

    private static List<string> Log(SupplyBridgeDriver driver) =>
    [
        .. driver.Driver.Log(driver.Options.CommandTopic).Select(r =>
            $"{Convert.ToHexString(r.Key!)} {Convert.ToHexString(r.Value!)} {r.TimestampMs}"),
    ];
}
