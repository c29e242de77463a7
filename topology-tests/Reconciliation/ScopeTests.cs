using Alloc.Engine.State;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Processors.Reconciliation.Orders;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.Reconciliation;

/// <summary>
/// Two pools whose ids and what is in them read the same one after the other are two, and what stands from before they
/// were told apart keeps its id.
/// </summary>
public sealed class ScopeTests
{
    private const string Outer = "a/b";
    private const string Inner = "a";
    private const string Event = "Held";
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(20);

    /// <summary>Each class whose scope has two ids × what is found of the two.</summary>
    public static TheoryData<MismatchClass, string, string> Table => new()
    {
        { MismatchClass.UnansweredCommand, "a/b//c", "a/b/c" },
        { MismatchClass.ExpiryNotReleased, "a/b//c", "a/b/c" },
        { MismatchClass.ConfirmedNotConsumed, "a/b//c", "a/b/c" },
        { MismatchClass.OrphanConsume, "a/b//c", "a/b/c" },
        { MismatchClass.OrphanReturn, "a/b//c", "a/b/c" },
        { MismatchClass.OrderWithoutReservation, "a/b//c", "a/b/c" },
        { MismatchClass.QuantityMismatch, "a/b//c", "a/b/c" },
        { MismatchClass.ZombieHold, "a/b//c", "a/b/c" },
        { MismatchClass.ConfirmedForDeadOrder, "a/b//c", "a/b/c" },
        { MismatchClass.ReservationWithoutOrder, "a/b//c", "a/b/c" },
        { MismatchClass.SupplyGap, "a/b/c/2-3", "/1/a/b/c/2-3" },
        { MismatchClass.SupplyConflict, "a/b/c", "/1/a/b/c" },
        { MismatchClass.QuantityDrift, "a/b/c", "/1/a/b/c" },
        { MismatchClass.MissedEvent, "a/b#3/c", "/3/a#3/b/c" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Two_pools_whose_ids_run_together_are_two_mismatches(MismatchClass mismatch, string outer, string inner)
    {
        using var world = Open();

        Make(world, mismatch);
        world.Pass(Long, 2);

        var found = world.Driver.Log(world.Options.DifferenceTopic)
            .Select(r => world.Serdes.Differences.Deserialize(r.Value))
            .Where(d => d.Kind == DifferenceKind.Stands && d.Class == mismatch.ToString())
            .DistinctBy(d => d.MismatchId).ToDictionary(d => d.Scope!.Id, d => d.Scope!.PoolId);
        Assert.Equal(new Dictionary<string, string?> { [outer] = Outer, [inner] = Inner }, found);
    }

    [Fact]
    public void What_ends_the_gap_of_one_leaves_that_of_the_other()
    {
        using var world = Open();
        Make(world, MismatchClass.SupplyGap);
        world.Pass(Long, 2);

        Supply(world, Inner, "b/c", 2);
        Supply(world, Inner, "b/c", 3);

        Assert.Equal(["SupplyGap a/b/c/2-3"], world.Standing());
    }

    [Fact]
    public void A_command_that_names_no_pool_answers_no_other_whose_id_ends_like_its_own()
    {
        using var world = Open();
        world.Lose(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, "x/lost", Inner);
        world.Pass(Long, 2);

        world.Send(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, "lost", "nowhere");

        Assert.Equal(["UnansweredCommand a/x/lost"], world.Standing());
    }

    [Fact]
    public void A_pool_called_as_a_partition_of_commands_is_told_apart_from_a_record_that_is_no_command()
    {
        using var world = Open();
        var position = world.Ledger.Driver.Log(world.Ledger.Options.CommandTopic).Count;
        var pool = $"{world.Options.CommandTopic}/0";
        world.Lose(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, $"{position + 1}", pool);
        world.Lose([1], [1, 2, 3]);

        world.Pass(Long, 2);

        Assert.Equal(
            [$"UnansweredCommand /{pool.Length}/{pool}/{position + 1}", $"UnansweredCommand {pool}/{position + 1}"],
            world.Standing().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_stands_under_its_former_id_is_ended_under_it_and_opened_no_second_time()
    {
        using var world = Open();
        world.Apply(OperationsCatalogue.Shipped with { Version = 2 });
        world.Hold("c", 1, "o", pool: Outer);
        Say(world, 2, "Cancelled", [(Outer, "c")]);
        world.Pass(Long, 2);
        var before = world.Mismatches();
        GiveFormerId(world, DifferenceKey.InPool(MismatchClass.ZombieHold, "reservation", Outer, "c"));

        Say(world, 3, "Failed", [(Outer, "c")]);
        world.Pass(Long, 2);
        var stands = world.Standing().Count;
        world.Release("c", Outer);

        Assert.Equal(["ZombieHold a/b//c"], before);
        Assert.Equal(1, stands);
        Assert.Equal(before, world.Mismatches());
        Assert.Empty(world.Standing());
    }

    private static World Open()
    {
        var world = new World(policy: PolicyVersions.Version0 with { Drift = new DriftTolerance(10, 5) });
        world.Apply(OperationsCatalogue.Shipped with
        {
            Version = 1,
            Effects = [new EffectRow("act", Event, ["c", "b/c"], TimeSpan.FromMinutes(1))],
        });
        world.Stock(1_000, Outer);
        world.Stock(1_000, Inner);
        world.Say(new OrderStatus { OrderRef = "another", Version = 1, State = "AcceptedForProcessing" });
        Say(world, 1, "AcceptedForProcessing", []);
        return world;
    }

    private static void Make(World world, MismatchClass mismatch)
    {
        (string Pool, string Id)[] both = [(Outer, "c"), (Inner, "b/c")];
        foreach (var (pool, id) in both)
        {
            MakeIn(world, mismatch, pool, id);
        }
        var state = mismatch switch
        {
            MismatchClass.OrderWithoutReservation or MismatchClass.QuantityMismatch => "InventoryHoldPending",
            MismatchClass.ZombieHold or MismatchClass.ConfirmedForDeadOrder => "Cancelled",
            _ => null,
        };
        if (state is not null)
        {
            Say(world, 2, state, both);
        }
    }

    private static void MakeIn(World world, MismatchClass mismatch, string pool, string id)
    {
        switch (mismatch)
        {
            case MismatchClass.UnansweredCommand:
                world.Lose(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, id, pool);
                break;
            case MismatchClass.ExpiryNotReleased:
                world.Ledger.Driver.AppendsTicks = false;
                world.Hold(id, 1, ttl: TimeSpan.FromMinutes(1), pool: pool);
                break;
            case MismatchClass.ConfirmedNotConsumed:
                world.Move(id, MovementKind.Shipped, 1, "r", pool);
                break;
            case MismatchClass.OrphanReturn:
                world.Move(id, MovementKind.Returned, 1, "r", pool);
                break;
            case MismatchClass.OrphanConsume:
                world.Move("other", MovementKind.Received, 1, pool: pool);
                world.Consume("r", 1, id, pool);
                break;
            case MismatchClass.QuantityMismatch or MismatchClass.ZombieHold:
                world.Hold(id, 1, "o", pool: pool);
                break;
            case MismatchClass.ConfirmedForDeadOrder or MismatchClass.ReservationWithoutOrder:
                world.Hold(id, 1, mismatch == MismatchClass.ConfirmedForDeadOrder ? "o" : "nobody's", pool: pool);
                world.Confirm(id, pool);
                break;
            case MismatchClass.SupplyGap:
                Supply(world, pool, id, 1);
                Supply(world, pool, id, 4);
                break;
            case MismatchClass.SupplyConflict or MismatchClass.QuantityDrift:
                world.Send(new AllocationCommandBody.PoolConfigure
                {
                    Settings = new PoolSettings { Unit = "piece", SnapshotSource = id },
                }, pool: pool);
                Supply(world, pool, id, 1);
                Count(world, pool, id, 1, 1_001);
                Count(world, pool, id, mismatch == MismatchClass.QuantityDrift ? 2 : 1, 10);
                break;
            case MismatchClass.MissedEvent:
                world.Hold("r", 1, pool: pool);
                // The other service of the row has acted.
                world.Receipt($"{pool}#3", pool == Outer ? "b/c" : "c");
                break;
            default:
                break;
        }
    }

    private static void Say(World world, long version, string state, (string Pool, string Id)[] lines) =>
        world.Say(new OrderStatus
        {
            OrderRef = "o",
            Version = version,
            State = state,
            Lines = [.. lines.Select((l, number) => new OrderLine
            {
                LineId = $"{number}",
                PoolId = l.Pool,
                ReservationId = l.Id,
                Quantity = 2,
            })],
        });

    private static void Supply(World world, string pool, string source, long sequence) => world.Send(
        new AllocationCommandBody.SupplyDelta { Source = source, SourceSequence = sequence, Quantity = 1 },
        pool: pool);

    private static void Count(World world, string pool, string source, long version, long quantity) => world.Send(
        new AllocationCommandBody.SupplySnapshot
        {
            Source = source,
            Version = version,
            Quantity = quantity,
            Through = 1,
        },
        pool: pool);

    // As an older version left it: in the store, and in what the order has open.
    private static void GiveFormerId(World world, DifferenceKey key)
    {
        var open = world.Driver.GetStore<IKeyValueStore<DifferenceKey, OpenDifference>>(
            DifferenceStores.OfOrders.Open);
        var orders = world.Driver.GetStore<IKeyValueStore<string, OrderTruth>>(OrderStores.Orders);
        var former = key with { Id = key.Former!.Value.Id };
        open.Put(former, open.Get(key)!);
        open.Delete(key);
        var truth = orders.Get("o")!;
        orders.Put("o", truth with
        {
            Open = [.. truth.Open.Select(o => o.Replace(key.Id, former.Id, StringComparison.Ordinal))],
        });
    }
}
