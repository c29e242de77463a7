using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Topology.Tests.Ledger;

namespace Topology.Tests.Cases;

/// <summary>
/// A ledger under a policy of docs/examples, as its users would find it: people of several channels ask, and are told.
/// </summary>
internal sealed class CaseLedger
{
    public CaseLedger(string example) => Ledger = new TestLedger(PolicyOf(example));

    public TestLedger Ledger { get; }

    /// <summary>The policy of an example, in force from the beginning.</summary>
    public static AllocationPolicy PolicyOf(string example)
    {
        var text = File.ReadAllText(Path.Combine(Examples(), $"{example}.policy.yaml"));
        var reading = PolicyDocument.ParseAny(text);
        Assert.True(reading.Policy is not null, string.Join('\n', reading.Errors.Select(e => e.Show())));
        return reading.Policy with { Version = 0 };
    }

    /// <summary>A pool with so many units, from the warehouse's first fact.</summary>
    public CaseLedger Opened(string pool, long quantity, PoolKind kind = PoolKind.Stock, long? serviceInMs = null)
    {
        Tell(pool, new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings
            {
                Unit = "piece",
                Kind = kind,
                SnapshotSource = "erp",
                ServiceAtMs = Ledger.NowMs + serviceInMs,
            },
        });
        Tell(pool, new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = quantity });
        return this;
    }

    /// <summary>A hold of somebody; the outcome that answers it.</summary>
    public AllocationOutcome Hold(
        string pool, string id, long quantity, string channel, string? tier = null, string? dealer = null,
        string? customer = null, HoldMode mode = HoldMode.AllOrNothing, string? commandId = null) => Tell(
            pool,
            new AllocationCommandBody.Hold
            {
                ReservationId = id,
                Quantity = quantity,
                Mode = mode,
                CustomerRef = customer,
                Attributes = dealer is null ? new Dictionary<string, string>() : new() { ["dealer"] = dealer },
            },
            channel, tier, commandId);

    /// <summary>A command of somebody; the outcome that answers it.</summary>
    public AllocationOutcome Tell(
        string pool, AllocationCommandBody body, string channel = "warehouse", string? tier = null,
        string? commandId = null, ActorType actor = ActorType.Service, string by = "test")
    {
        var command = Ledger.Command(body, commandId, pool) with
        {
            Actor = new Actor { Type = actor, Id = by, Channel = channel, Tier = tier },
        };
        return Ledger.All(command).Last(o => o.CausedBy is null && o.CommandId == command.CommandId);
    }

    public Reservation Of(string pool, string id) => Ledger.State.GetReservation(pool, id)!;

    public Balances Balances(string pool) => Ledger.State.GetPool(pool)!.Balances;

    /// <summary>A number that a reason gives.</summary>
    public static long? Number(Reason reason, NumberName name) =>
        reason.Numbers.Where(n => n.Name == name).Select(n => (long?)n.Value).FirstOrDefault();

    public static Reason Refused(AllocationOutcome outcome, ReasonCode code)
    {
        var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(outcome.Event);
        return Assert.Single(rejected.Reasons, r => r.Code == code);
    }

    private static string Examples()
    {
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            var folder = Path.Combine(above.FullName, "docs", "examples");
            if (Directory.Exists(folder))
            {
                return folder;
            }
        }
        throw new DirectoryNotFoundException("There is no folder docs/examples above the tests.");
    }
}
