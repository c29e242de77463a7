using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Supply;

/// <summary>A configuration that names the settings it sets leaves the others as they are.</summary>
public sealed class PoolConfigureTests
{
    private static readonly PoolSettings Before = new()
    {
        Unit = "bottle",
        Kind = PoolKind.Stock,
        ServiceAtMs = 1_900_000_000_000,
        ClosesAtMs = 1_800_000_000_000,
        SnapshotSource = "wms",
        MaximumCapacity = 4,
    };

    private static readonly PoolSettings Other = new()
    {
        Unit = "case",
        Kind = PoolKind.Capacity,
        ServiceAtMs = 1_900_000_000_001,
        ClosesAtMs = 1_800_000_000_001,
        SnapshotSource = "erp",
        MaximumCapacity = 5,
    };

    private static readonly PoolSetting[] All =
        [.. Enum.GetValues<PoolSetting>().Where(s => s != PoolSetting.Unknown)];

    private static TestLedger Ledger()
    {
        var ledger = new TestLedger();
        ledger.Run(new AllocationCommandBody.PoolConfigure { Settings = Before });
        return ledger;
    }

    private static PoolSettings Settings(TestLedger ledger, PoolSettings settings, params PoolSetting[] set)
    {
        var outcome = ledger.Run(new AllocationCommandBody.PoolConfigure { Settings = settings, Set = set });
        var configured = Assert.IsType<AllocationOutcomeEvent.PoolConfigured>(outcome.Event);
        Assert.Equal(ledger.PoolState.Settings, configured.Settings);
        return configured.Settings;
    }

    // The oracle is told setting by setting.
    private static object? Value(PoolSettings settings, PoolSetting setting) => setting switch
    {
        PoolSetting.Unit => settings.Unit,
        PoolSetting.Kind => settings.Kind,
        PoolSetting.ServiceAt => settings.ServiceAtMs,
        PoolSetting.ClosesAt => settings.ClosesAtMs,
        PoolSetting.SnapshotSource => settings.SnapshotSource,
        PoolSetting.MaximumCapacity => settings.MaximumCapacity,
        _ => throw new ArgumentOutOfRangeException(nameof(setting), setting, "no oracle"),
    };

    [Fact]
    public void Every_set_of_settings_is_set_and_the_others_are_kept()
    {
        for (var mask = 0; mask < 1 << All.Length; mask++)
        {
            var set = All.Where((_, index) => (mask & (1 << index)) != 0).ToArray();

            var after = Settings(Ledger(), Other, set);

            Assert.All(All, s => Assert.Equal(Value(set.Contains(s) ? Other : Before, s), Value(after, s)));
        }
    }

    [Fact]
    public void Setting_that_is_named_and_absent_is_cleared()
    {
        foreach (var setting in (PoolSetting[])
            [PoolSetting.ServiceAt, PoolSetting.ClosesAt, PoolSetting.SnapshotSource, PoolSetting.MaximumCapacity])
        {
            var after = Settings(Ledger(), new PoolSettings { Unit = "case" }, setting);

            Assert.All(All, s => Assert.Equal(s == setting ? null : Value(Before, s), Value(after, s)));
        }
    }

    [Fact]
    public void Two_who_set_different_settings_at_once_both_have_their_way_whoever_is_first()
    {
        foreach (var order in (int[][])[[0, 1], [1, 0]])
        {
            var ledger = Ledger();
            (PoolSettings Settings, PoolSetting Set)[] asks =
            [
                (new PoolSettings { Unit = "unit", MaximumCapacity = 6 }, PoolSetting.MaximumCapacity),
                (new PoolSettings { Unit = "unit", ClosesAtMs = 7 }, PoolSetting.ClosesAt),
            ];

            foreach (var index in order)
            {
                Settings(ledger, asks[index].Settings, asks[index].Set);
            }

            Assert.Equal(
                Before with { MaximumCapacity = 6, ClosesAtMs = 7 }, ledger.PoolState.Settings);
        }
    }

    [Fact]
    public void Pool_that_is_not_configured_takes_the_whole_configuration()
    {
        Assert.Equal(Other, Settings(new TestLedger(), Other, PoolSetting.Unit));
        Assert.Equal(Other, Settings(new TestLedger(), Other));

        var ofFacts = new TestLedger();
        ofFacts.Delta(1, 5);
        Assert.Equal(
            Other with { Kind = PoolKind.Stock }, Settings(ofFacts, Other with { Kind = PoolKind.Stock },
                PoolSetting.Unit));
    }

    [Fact]
    public void First_configuration_by_its_parts_names_kind_and_unit_or_registers_nothing()
    {
        var ledger = new TestLedger();
        var command = ledger.Command(new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { MaximumCapacity = 6 },
            Set = [PoolSetting.MaximumCapacity],
        });

        var refused = ledger.Run(command);

        Assert.Equal("R Malformed", OutcomeText.Of(refused));
        Assert.False(refused.Original);
        Assert.Null(ledger.State.GetPool(TestLedger.Pool));

        ledger.Run(new AllocationCommandBody.PoolConfigure { Settings = Before });

        Assert.Equal("✔ PoolConfigured", OutcomeText.Of(ledger.Run(command)));
        Assert.Equal(Before with { MaximumCapacity = 6 }, ledger.PoolState.Settings);
    }

    [Fact]
    public void Configuration_without_names_replaces_the_one_before_as_ever()
    {
        var ledger = Ledger();

        ledger.Run(new AllocationCommandBody.PoolConfigure { Settings = Other });

        Assert.Equal(Other, ledger.PoolState.Settings);
    }

    [Fact]
    public void Kind_of_a_pool_with_units_is_kept_by_who_does_not_name_it()
    {
        var ledger = Ledger();
        ledger.Delta(1, 5);

        Assert.Equal(Before with { Unit = "case" }, Settings(ledger, Other, PoolSetting.Unit));
        Assert.Equal("R PolicyForbids", OutcomeText.Of(ledger.Run(
            new AllocationCommandBody.PoolConfigure { Settings = Other, Set = [PoolSetting.Kind] })));
    }
}
