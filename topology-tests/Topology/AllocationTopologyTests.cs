using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Topology.Tests.Ledger;

namespace Topology.Tests.Topology;

public sealed class AllocationTopologyTests
{
    private static AllocationCommandBody.Hold Hold(string id, long quantity, long? ttlMs = null) =>
        new() { ReservationId = id, Quantity = quantity, TtlMs = ttlMs };

    [Fact]
    public void Command_becomes_an_outcome_in_the_same_partition_under_its_pool()
    {
        using var alloc = new AllocationDriver(partitionCount: 4);
        alloc.Stock("bolts", 10);
        var partition = Murmur2.Partition("bolts"u8, 4);

        var held = Assert.Single(alloc.Send("bolts", Hold("r", 3)));

        Assert.IsType<AllocationOutcomeEvent.Held>(held.Event);
        Assert.Equal(
            ("allocation.commands", partition, 2L), (held.Source.Topic, held.Source.Partition, held.Source.Offset));
        var record = alloc.Driver.Log("allocation.outcomes", partition)[^1];
        Assert.Equal(("bolts", held.TMs), (Encoding.UTF8.GetString(record.Key!), record.TimestampMs));
    }

    [Fact]
    public void Availability_has_the_last_balance_of_a_pool_once_per_commit()
    {
        using var alloc = new AllocationDriver();
        alloc.Stock("bolts", 10);
        alloc.Availability();

        alloc.Driver.CommitsEachRecord = false;
        alloc.Send("bolts", Hold("a", 3, ttlMs: 60_000));
        alloc.Send("bolts", Hold("b", 2));
        alloc.Driver.Commit();

        var last = Assert.Single(alloc.Availability());
        Assert.Equal((4L, 5L, 5L), (last.PoolSequence, last.Balances.Held, Assert.Single(last.Available).Available));
        Assert.Equal(alloc.Driver.NowMs + 60_000, last.ValidUntilMs);
    }

    [Fact]
    public void Idle_partition_expires_its_holds_by_ticks()
    {
        using var alloc = new AllocationDriver();
        alloc.Stock("bolts", 10);
        alloc.Send("bolts", Hold("r", 3, ttlMs: 60_000));

        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(59));
        var early = alloc.Outcomes();
        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(1));
        var expired = Assert.Single(alloc.Outcomes());

        Assert.Empty(early);
        Assert.IsType<AllocationOutcomeEvent.Expired>(expired.Event);
        Assert.Equal(ReservedKeys.Tick, expired.CausedBy!.PoolId);
        Assert.Equal(long.MaxValue, alloc.Driver.TickDueMs());
    }

    [Fact]
    public void Restart_from_the_journal_goes_on_as_if_nothing_had_happened()
    {
        using var alloc = new AllocationDriver(partitionCount: 2);
        Fill(alloc);
        var before = StateOf(alloc);
        var due = alloc.Driver.TickDueMs(0);

        alloc.Driver.RestartFromJournal();
        var after = StateOf(alloc);
        var repeat = Assert.Single(alloc.Send("pool-1", Hold("h1", 2), commandId: "hold-1"));

        Assert.Equal(before, after);
        Assert.Equal(due, alloc.Driver.TickDueMs(0));
        Assert.NotNull(repeat.DuplicateOf);
    }

    [Fact]
    public void Bytes_that_are_no_command_become_dead_letters_and_the_partition_goes_on()
    {
        using var alloc = new AllocationDriver();
        alloc.Stock("bolts", 10);
        var good = alloc.Bytes(alloc.Command("bolts", Hold("r", 1)));
        byte[] unknownSchema = [0, 0, 0, 3, 231, .. good[5..]];

        alloc.Pipe("bolts"u8.ToArray(), [1, 2, 3]);
        alloc.Pipe("bolts"u8.ToArray(), good[..^2]);
        alloc.Pipe("bolts"u8.ToArray(), unknownSchema);
        alloc.Pipe("bolts"u8.ToArray(), null);
        alloc.Pipe([0xff, 0xfe], good);
        alloc.Pipe("bolts"u8.ToArray(), good);

        var letters = alloc.DeadLetters();
        Assert.Equal(5, letters.Count);
        Assert.All(letters, l => Assert.NotEmpty(l.Headers!.LastText("__streams.errors.message")!));
        Assert.Contains("999", letters[2].Headers!.LastText("__streams.errors.message"), StringComparison.Ordinal);
        Assert.Equal("the record has no value", letters[3].Headers!.LastText("__streams.errors.message"));
        Assert.Equal(
            (4L, 1L),
            (alloc.Driver.DeadLettersOf(BadRecordKind.Unreadable),
                alloc.Driver.DeadLettersOf(BadRecordKind.Incomplete)));
        Assert.IsType<AllocationOutcomeEvent.Held>(Assert.Single(alloc.Outcomes()).Event);
    }

    [Fact]
    public void Null_key_and_wrong_partition_are_answered_and_leave_the_ledger_untouched()
    {
        using var alloc = new AllocationDriver(partitionCount: 4);
        alloc.Stock("bolts", 10);
        var home = Murmur2.Partition("bolts"u8, 4);
        var elsewhere = (home + 1) % 4;

        alloc.Pipe(null, alloc.Bytes(alloc.Command("bolts", Hold("a", 1))), home);
        alloc.Pipe("bolts"u8.ToArray(), alloc.Bytes(alloc.Command("bolts", Hold("b", 1))), elsewhere);
        var outcomes = alloc.Outcomes();

        Assert.Equal([$"$partition/{home}", $"$partition/{elsewhere}"], outcomes.Select(o => o.PoolId));
        Assert.All(outcomes, o => Assert.Equal("R Malformed", OutcomeText.Of(o)));
        Assert.Equal(
            10, alloc.Driver.GetStore<IKeyValueStore<string, PoolState>>("pools", home).Get("bolts")!.Balances.Free);
    }

    [Fact]
    public void Record_from_the_future_waits_until_the_clock_catches_up()
    {
        using var alloc = new AllocationDriver();
        alloc.Stock("bolts", 10);
        var bytes = alloc.Bytes(alloc.Command("bolts", Hold("r", 1)));
        var ahead = DateTimeOffset.Parse("9999-12-31T23:59:59Z", System.Globalization.CultureInfo.InvariantCulture)
            .ToUnixTimeMilliseconds();

        var wait = Assert.Throws<StreamsException>(() => alloc.Pipe("bolts"u8.ToArray(), bytes, timestampMs: ahead));

        Assert.Contains("ahead of this host's clock", wait.Message, StringComparison.Ordinal);
        Assert.Empty(alloc.Outcomes());
        Assert.Empty(alloc.DeadLetters());
    }

    [Fact]
    public void Registry_that_is_away_is_waited_for_and_nothing_is_skipped()
    {
        var registry = new InMemorySchemaRegistryClient();
        using var alloc = new AllocationDriver(registry: registry);
        alloc.Stock("bolts", 10);
        var bytes = alloc.Bytes(alloc.Command("bolts", Hold("r", 1)));
        bytes[4] = 77;

        registry.IsAway = true;
        var wait = Assert.Throws<StreamsException>(() => alloc.Pipe("bolts"u8.ToArray(), bytes));

        Assert.Contains("schema registry", wait.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(alloc.DeadLetters());
    }

    [Fact]
    public void Journal_that_has_a_gap_stops_the_restore_and_names_the_offset()
    {
        using var alloc = new AllocationDriver();
        Fill(alloc);
        var journal = alloc.Driver.Log("allocation.outcomes");
        var applier = new OutcomeJournal(alloc.Serdes.Outcomes);
        var stores = new DriverStores(alloc);

        var fault = Assert.Throws<StreamsException>(
            () => applier.Apply(journal[0].Key, journal[0].Value, offset: 42, stores));

        Assert.Contains("offset 42", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_thousand_holds_for_one_unit_get_exactly_one_grant_from_bytes_to_bytes()
    {
        using var alloc = new AllocationDriver();
        alloc.Stock("last-seat", 1);
        alloc.Driver.CommitsEachRecord = false;
        for (var index = 0; index < 10_000; index++)
        {
            alloc.Pipe("last-seat"u8.ToArray(), alloc.Bytes(alloc.Command("last-seat", Hold($"r{index}", 1))));
        }
        alloc.Driver.Commit();

        var outcomes = alloc.Outcomes();

        Assert.Single(outcomes, o => o.Event is AllocationOutcomeEvent.Held);
        Assert.Equal(10_000, outcomes.Count);
    }

    [Fact]
    public void Topology_describes_itself()
    {
        using var alloc = new AllocationDriver();
        var serdes = new Alloc.Processors.Allocation.AllocationSerdes(
            new InMemorySchemaRegistryClient(), alloc.Options);

        var text = Alloc.Processors.Allocation.AllocationTopology.Build(alloc.Options, serdes).Describe();

        foreach (var word in new[]
        {
            "commands",
            "allocate",
            "outcomes",
            "publish",
            "availability",
            "reservations",
            "timers",
        })
        {
            Assert.Contains(word, text, StringComparison.Ordinal);
        }
    }

    private static void Fill(AllocationDriver alloc)
    {
        for (var pool = 0; pool < 5; pool++)
        {
            alloc.Stock($"pool-{pool}", 10);
            alloc.Send($"pool-{pool}", Hold($"h{pool}", 2), commandId: $"hold-{pool}");
            alloc.Send($"pool-{pool}", new AllocationCommandBody.Confirm
            {
                ReservationId = $"h{pool}",
                Quantity = 1,
                Remainder = Remainder.Keep,
            });
            alloc.Send($"pool-{pool}", new AllocationCommandBody.Confirm { ReservationId = "not-yet" });
            alloc.Send($"pool-{pool}", new AllocationCommandBody.Consume
            {
                ReservationId = $"h{pool}",
                Quantity = 1,
                ConsumeId = "s1",
                OccurredAtMs = 0,
                Source = "erp",
                SourceSequence = 4,
            });
            alloc.Send($"pool-{pool}", Hold("too-much", 100));
        }
        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(31));
        alloc.Outcomes();
    }

    private static SortedDictionary<string, string> StateOf(AllocationDriver alloc)
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var partition = 0; partition < alloc.Options.PartitionCount; partition++)
        {
            Add<string, PartitionState>(AllocationStores.Partition, partition);
            Add<string, PoolState>(AllocationStores.Pools, partition);
            Add<PoolKey, Reservation>(AllocationStores.Reservations, partition);
            Add<PoolKey, CommandMemory>(AllocationStores.Commands, partition);
            Add<PoolKey, ConsumeMemory>(AllocationStores.Consumes, partition);
            Add<PoolKey, SupplySource>(AllocationStores.Sources, partition);
            Add<FactKey, SupplyFact>(AllocationStores.Facts, partition);
            foreach (var (dueAt, key) in alloc.Driver.GetStore<ITimeIndex<TimerKey>>(AllocationStores.Timers, partition)
                .Until(long.MaxValue))
            {
                entries[$"{partition} timer {dueAt} {key}"] = "";
            }
        }
        return entries;

        void Add<TKey, TValue>(string store, int partition)
            where TKey : notnull
            where TValue : class, IAvroRecord<TValue>
        {
            foreach (var (key, value) in alloc.Driver.GetStore<IKeyValueStore<TKey, TValue>>(store, partition).All())
            {
                using var writer = new AvroWriter();
                value.Write(writer);
                entries[$"{partition} {store} {key}"] = Convert.ToHexString(writer.WrittenSpan);
            }
        }
    }

    private sealed class DriverStores(AllocationDriver alloc) : IStores
    {
        public TStore GetStore<TStore>(string name)
            where TStore : class => alloc.Driver.GetStore<TStore>(name);
    }

    private static AllocationPolicy Protecting(int version, long units, int poolsPerRecord = 1_000) =>
        PolicyVersions.Version0 with
        {
            Version = version,
            Classes = ["vip", "standard"],
            ProtectionTable = [new ProtectionRow("protect/vip", PoolPattern.All, "vip", units, UsageCount.Open)],
            Limits = PolicyVersions.Version0.Limits with { TimersPerRecord = poolsPerRecord },
        };

    private static void Activate(AllocationDriver alloc, AllocationPolicy policy, long afterMs = 0) =>
        alloc.Send(ReservedKeys.Policy, new AllocationCommandBody.PolicyActivate
        {
            Version = policy.Version,
            Document = PolicyDocument.Write(policy),
            ContentHash = PolicyDocument.HashOf(policy),
            EffectiveAtMs = alloc.Driver.NowMs + afterMs,
        });

    [Fact]
    public void Availability_of_every_pool_is_published_again_when_a_policy_comes_into_force()
    {
        using var alloc = new AllocationDriver();
        alloc.Stock("bolts", 10);
        alloc.Stock("nuts", 20);
        var before = alloc.Availability().ToLookup(a => a.PoolId);

        Activate(alloc, Protecting(1, units: 4));
        var atOnce = alloc.Availability();
        Activate(alloc, Protecting(2, units: 3), afterMs: 60_000);
        var announced = alloc.Availability();
        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(60));
        var later = alloc.Availability();

        Assert.Equal(["bolts", "nuts"], atOnce.Select(a => a.PoolId));
        Assert.Equal([10, 6], atOnce[0].Available.Select(c => c.Available));
        Assert.Equal((1, before["bolts"].Last().PoolSequence), (atOnce[0].PolicyVersion, atOnce[0].PoolSequence));
        Assert.Empty(announced);
        Assert.Equal([(2, 7L), (2, 17L)], later.Select(a => (a.PolicyVersion, a.Available[1].Available)));
        Assert.True(later[0].TMs > atOnce[0].TMs);
    }

    [Fact]
    public void Availability_of_many_pools_is_published_again_in_pieces()
    {
        using var alloc = new AllocationDriver();
        string[] pools = ["a", "b", "c", "d", "e"];
        foreach (var pool in pools)
        {
            alloc.Stock(pool, 10);
        }
        alloc.Availability();

        Activate(alloc, Protecting(1, units: 4, poolsPerRecord: 2));
        var first = alloc.Availability();
        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(1));
        var rest = alloc.Availability();

        Assert.InRange(first.Count, 2, 3);
        Assert.Equal(pools, first.Concat(rest).Select(a => a.PoolId).Distinct());
        Assert.All(first.Concat(rest), a => Assert.Equal((1, 6L), (a.PolicyVersion, a.Available[1].Available)));
    }

    [Fact]
    public void Availability_is_published_under_the_policy_in_force()
    {
        using var alloc = new AllocationDriver();
        alloc.Stock("bolts", 10);
        Activate(alloc, Protecting(1, units: 4));
        alloc.Availability();

        alloc.Send("bolts", new AllocationCommandBody.Hold { ReservationId = "a", Quantity = 1 });

        var published = Assert.Single(alloc.Availability());
        Assert.Equal(1, published.PolicyVersion);
        Assert.Equal([9, 5], published.Available.Select(c => c.Available));
    }
}
