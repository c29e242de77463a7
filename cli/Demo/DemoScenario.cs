using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Demo;

/// <summary>A kind of customer of the demo: where it comes from, and what it does when nothing is left.</summary>
/// <param name="Channel">Its channel.</param>
/// <param name="Share">How many of the requests are its own, from 0 to 1.</param>
/// <param name="Names">Who it is: one of these customers.</param>
internal sealed record DemoCustomer(string Channel, double Share, IReadOnlyList<string> Names)
{
    public string? Tier { get; init; }

    /// <summary>Attributes of its holds, such as the dealer.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it waits when nothing is left.</summary>
    public bool Waits { get; init; }

    /// <summary>How often its system sends a hold again that it has no answer to yet, at times.</summary>
    public int Retries { get; init; }
}

/// <summary>A story that the demo plays: pools, customers, and the policy under which they meet.</summary>
internal sealed record DemoScenario
{
    private static readonly string[] Shoppers = [.. Enumerable.Range(0, 200).Select(n => $"customer-{n}")];

    private static readonly DemoScenario[] All = [Shop(), SpareParts(), Seats(), Quota(), BlackFriday()];

    /// <summary>What <c>--demo</c> takes.</summary>
    public required string Name { get; init; }

    public required IReadOnlyList<DemoPool> Pools { get; init; }

    public required IReadOnlyList<DemoCustomer> Customers { get; init; }

    /// <summary>The policy that is put in force at the start; null: the shipped one stays.</summary>
    public string? Policy { get; init; }

    /// <summary>The operations catalogue that is put in force at the start; null: the shipped one stays.</summary>
    public string? Catalogue { get; init; }

    /// <summary>Life of a hold in milliseconds.</summary>
    public long HoldMs { get; init; } = 15_000;

    /// <summary>The stages that orders pass before they are paid; none: a customer pays by itself.</summary>
    public IReadOnlyList<DemoStage> Stages { get; init; } = [];

    /// <summary>The share of those who pay that pass them, from 0 to 1.</summary>
    public double StageShare { get; init; } = 1;

    /// <summary>Whether orders, payments, the warehouse and picking tell what becomes of each order.</summary>
    public bool HasServices { get; init; }

    /// <summary>Whether the warehouse's facts come late, doubled and out of order.</summary>
    public bool IsWarehouseUnruly { get; init; }

    /// <summary>What happens, for the banner.</summary>
    public required string Story { get; init; }

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(s => s.Name)];

    /// <summary>The story that is played when none is named.</summary>
    public static DemoScenario Usual => All[0];

    /// <summary>The story of a name; null where there is none.</summary>
    public static DemoScenario? Find(string name) => All.FirstOrDefault(s => s.Name == name);

    private static DemoScenario Shop() => new()
    {
        Name = "shop",
        Story = "payment stage slowed to show a backlog",
        Pools = DemoPool.Shop,
        HoldMs = 30_000,
        StageShare = 0.4,
        Stages =
        [
            new("AuthorizationPending", 15) { SlowShare = 0.1, SlowFromMs = 3_000, SlowToMs = 120_000 },
        ],
        Customers = [new DemoCustomer("web", 1, Shoppers)],
    };

    private static DemoScenario SpareParts() => new()
    {
        Name = "spare-parts",
        Story = "technicians before dealers before the web, under docs/examples/spare-parts.policy.yaml",
        Policy = "spare-parts",
        HoldMs = 60_000,
        IsWarehouseUnruly = true,
        Pools =
        [
            new("parts/gearbox", PoolKind.Stock, "piece", 60, 0.5, 2),
            new("parts/bulk-filters", PoolKind.Stock, "piece", 400, 0.35, 8),
            new("parts/safety-valve", PoolKind.Stock, "piece", 40, 0.15, 1),
        ],
        Customers =
        [
            new("web", 0.5, Shoppers),
            new("dealer", 0.15, ["dealer-7"]) { Tier = "premium", Attributes = Dealer("dealer-7"), Waits = true },
            new("dealer", 0.15, ["dealer-9"]) { Attributes = Dealer("dealer-9"), Retries = 4 },
            new("vans", 0.1, ["van-1", "van-2"])
            {
                Attributes = new Dictionary<string, string> { ["purpose"] = "van-stock" },
                Waits = true,
            },
            new("field-service", 0.1, ["technician-3", "technician-4"]),
        ],
    };

    private static DemoScenario Seats() => new()
    {
        Name = "seats",
        Story = "an overbooked flight with seats kept for gold and full fares and a list of those who wait, under "
            + "docs/examples/seats.policy.yaml",
        Policy = "seats",
        Pools =
        [
            new("flight/LX318", PoolKind.Capacity, "seat", 180, 0.7, 3) { ServiceInMs = 3 * 86_400_000L },
            new("flight/LX319", PoolKind.Capacity, "seat", 90, 0.3, 2) { ServiceInMs = 86_400_000 },
        ],
        Customers =
        [
            new("web", 0.7, Shoppers) { Waits = true },
            new("counter", 0.2, Shoppers),
            new("web", 0.1, Shoppers) { Tier = "gold", Waits = true },
        ],
    };

    private static DemoScenario Quota() => new()
    {
        Name = "quota",
        Story = "two teams that lend each other units and production that takes them back, under "
            + "docs/examples/quota.policy.yaml",
        Policy = "quota",
        Pools = [new("cluster/gpu", PoolKind.Capacity, "gpu", 100, 1, 8)],
        Customers =
        [
            new("batch", 0.45, ["research"]) { Waits = true },
            new("batch", 0.35, ["shop"]) { Waits = true },
            new("production", 0.1, ["research"]),
            new("production", 0.1, ["shop"]),
        ],
    };

    private static DemoScenario BlackFriday() => new()
    {
        Name = "black-friday",
        Story = "fraud slows to a tenth and back: holds are named that expire, and a mode switches on and off, under "
            + "docs/examples/black-friday-demo.catalogue.yaml",
        Policy = "black-friday",
        HasServices = true,
        Catalogue = "black-friday-demo",
        Pools =
        [
            new("deals/television", PoolKind.Stock, "piece", 2_000, 0.5, 1),
            new("deals/console", PoolKind.Stock, "piece", 1_500, 0.3, 2),
            new("deals/vacuum", PoolKind.Stock, "piece", 1_000, 0.2, 1),
        ],
        HoldMs = 20_000,
        Stages =
        [
            new("AcceptedForProcessing", 60),
            new("AwaitingFraudDecision", 40)
            {
                SlowShare = 0.1, SlowFromMs = 15_000, SlowToMs = 55_000, PeriodMs = 120_000,
            },
            new("AuthorizationPending", 40),
        ],
        Customers = [new DemoCustomer("web", 0.8, Shoppers), new DemoCustomer("app", 0.2, Shoppers)],
    };

    private static Dictionary<string, string> Dealer(string name) => new() { ["dealer"] = name };
}
