using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.SupplyBridge;

/// <summary>Facts that no command can be made of, and what their dead letters say.</summary>
public sealed class FactRulesTests : IDisposable
{
    private static readonly WarehouseMovement Good = SupplyBridgeDriver.Moved(1, MovementKind.Shipped, 1, "r");
    private static readonly StockSnapshot GoodCount = SupplyBridgeDriver.Counted(1, 10, 0);
    private static readonly string Long = new('x', 4_097);

    // What is wrong with an id, whichever it is.
    private static readonly (string Id, string Fault)[] BadIds =
    [
        ("", "is empty"),
        (Long, "is too long: 4097 characters, at most 4096"),
        ("a\u0000b", "has a control character, U+0000, as character 2"),
        ("a\n", "has a control character, U+000A, as character 2"),
    ];

    private readonly SupplyBridgeDriver bridge = new();

    /// <summary>Each field with each value that it must not have.</summary>
    public static TheoryData<string, object, string> BadFacts()
    {
        var data = new TheoryData<string, object, string>();
        void Add(string name, object fact, string reason) => data.Add(name, fact, reason);

        foreach (var (id, fault) in BadIds)
        {
            Add($"pool {fault}", Good with { PoolId = id }, $"poolId {Shown(id)} {fault}");
            Add($"movement {fault}", Good with { MovementId = id }, $"movementId {Shown(id)} {fault}");
            Add($"source {Shown(id)} {fault}", Good with { Source = id }, $"source {Shown(id)} {fault}");
            Add($"order {fault}", Good with { OrderRef = id }, $"orderRef {Shown(id)} {fault}");
            Add($"reservation {fault}", Good with { ReservationId = id }, $"reservationId {Shown(id)} {fault}");
            Add($"counted pool {fault}", GoodCount with { PoolId = id }, $"poolId {Shown(id)} {fault}");
            Add($"counting source {fault}", GoodCount with { Source = id }, $"source {Shown(id)} {fault}");
        }
        Add("reserved pool", Good with { PoolId = "$policy" }, "poolId '$policy' begins with $");
        Add("reserved counted pool", GoodCount with { PoolId = "$x" }, "poolId '$x' begins with $");
        foreach (var sequence in new[] { long.MinValue, -1, 0, long.MaxValue })
        {
            Add($"sequence {sequence}", Good with { SourceSequence = sequence }, $"sourceSequence {sequence} is ");
        }
        foreach (var kind in new[]
            { MovementKind.Shipped, MovementKind.Returned, MovementKind.Received, MovementKind.Scrapped })
        {
            Add($"no {kind}", Good with { Kind = kind, Quantity = 0 }, "quantity 0 is below 1");
            Add($"negative {kind}", Good with { Kind = kind, Quantity = -1 }, "quantity -1 is below 1");
        }
        Add("no Adjusted", Good with { Kind = MovementKind.Adjusted, Quantity = 0 }, "its quantity is 0");
        Add("kind", Good with { Kind = MovementKind.Unknown }, "its kind is none that");
        Add("disposition", Good with { Disposition = ReturnDisposition.Unknown }, "its disposition is none that");
        Add("version", GoodCount with { Version = -1 }, "version -1 is below 0");
        Add("quantity", GoodCount with { Quantity = -1 }, "quantity -1 is below 0");
        Add("blocked", GoodCount with { Blocked = -1 }, "blocked -1 is below 0");
        Add("more blocked", GoodCount with { Blocked = 11 }, "blocked 11 is above 10");
        Add("through", GoodCount with { Through = -1 }, "through -1 is below 0");
        Add("endless through", GoodCount with { Through = long.MaxValue }, $"through {long.MaxValue} is above");
        return data;
    }

    public void Dispose() => bridge.Dispose();

    [Theory]
    [MemberData(nameof(BadFacts))]
    public void A_fact_that_cannot_be_is_a_dead_letter_with_the_reason(string name, object fact, string reason)
    {
        bridge.Pipe(fact);

        var letters = Letters(fact is WarehouseMovement);

        Assert.True(letters.Count == 1, name);
        Assert.StartsWith(reason, letters[0], StringComparison.Ordinal);
        Assert.Empty(bridge.Commands());
        Assert.Empty(Letters(fact is not WarehouseMovement));
    }

    [Fact]
    public void A_key_that_is_not_the_pool_is_a_dead_letter()
    {
        bridge.Pipe(Good, key: "parts/other");
        bridge.Pipe(GoodCount, key: "parts/other");

        Assert.Equal(["its key is not its poolId, 'parts/gearbox'"], Letters(ofMovements: true));
        Assert.Equal(["its key is not its poolId, 'parts/gearbox'"], Letters(ofMovements: false));
    }

    [Fact]
    public void What_has_no_key_no_value_or_other_bytes_is_a_dead_letter_of_its_kind()
    {
        foreach (var topic in new[] { bridge.Options.MovementTopic, bridge.Options.StockTopic })
        {
            bridge.Pipe(topic, "p", null);
            bridge.Pipe(topic, null, null);
            bridge.Pipe(topic, "p", "no avro"u8.ToArray());
        }
        bridge.Pipe(Good with { Kind = MovementKind.Unknown });

        Assert.Equal(
            (4, 2, 1, 0),
            (Count(BadRecordKind.Incomplete), Count(BadRecordKind.Unreadable), Count(BadRecordKind.Unknown),
                Count(BadRecordKind.Invalid)));
    }

    [Fact]
    public void What_is_just_within_its_bounds_is_a_command()
    {
        object[] facts =
        [
            Good with { SourceSequence = long.MaxValue - 1, Quantity = long.MaxValue },
            Good with { MovementId = new string('m', 4_096), Source = new string('s', 4_096), ReservationId = null },
            GoodCount with { Version = 0, Quantity = 0, Blocked = 0, Through = 0 },
            GoodCount with { Version = long.MaxValue, Blocked = 10, Through = long.MaxValue - 1 },
        ];

        foreach (var fact in facts)
        {
            bridge.Pipe(fact);
        }

        Assert.Equal(0, bridge.Driver.DeadLetterCount);
        Assert.Equal(facts.Length, bridge.Commands().Count);
    }

    // As dead letters name an id: its beginning, control characters written out.
    private static string Shown(string id) => id.Length > 64
        ? $"'{id[..64]}…'" : $"'{id.Replace("\0", "\\u0000").Replace("\n", "\\u000a")}'";

    private long Count(BadRecordKind kind) => bridge.Driver.DeadLettersOf(kind);

    private List<string> Letters(bool ofMovements) =>
    [
        .. bridge.Driver.ReadOutputs(
            ofMovements ? bridge.Options.MovementDeadLetterTopic : bridge.Options.StockDeadLetterTopic)
            .Select(r => r.Headers!.LastText("__streams.errors.message")!),
    ];
}
