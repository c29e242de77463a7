using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Topology.Tests.Ledger;
using static Topology.Tests.Backlog.BacklogDriver;
using LedgerMode = Alloc.Processors.Allocation.Policy.ModeRow;
using OperationsMode = Alloc.Processors.Catalogue.ModeRow;

namespace Topology.Tests.Backlog;

/// <summary>
/// A catalogue that changes a mode that is on: what is told, what the ledger is commanded, and where that leaves it.
/// </summary>
public sealed class ChangedModesTests : IDisposable
{
    private const string Slow = "slow";
    private const string Other = "other";

    private static readonly string[] Classes = [.. PolicyVersions.Version0.Classes.Take(2)];
    private readonly BacklogDriver backlog = new();
    private readonly List<AllocationCommand> given = [];
    private readonly TestLedger ledger = TestLedger.WithStock(10, policy: PolicyVersions.Version0 with
    {
        ModeTable = [new LedgerMode("mode/slow", Slow, PoolPattern.All, ModeEffect.ExtendHolds, 60_000)],
    });

    private int version;

    public void Dispose() => backlog.Dispose();

    public static TheoryData<DegradedEffect, DegradedEffect> Effects
    {
        get
        {
            var effects = new TheoryData<DegradedEffect, DegradedEffect>();
            foreach (var from in Enum.GetValues<DegradedEffect>())
            {
                foreach (var to in Enum.GetValues<DegradedEffect>().Where(e => e != from))
                {
                    effects.Add(from, to);
                }
            }
            return effects;
        }
    }

    [Theory]
    [MemberData(nameof(Effects))]
    public void Another_effect_ends_the_old_one_and_begins(DegradedEffect from, DegradedEffect to)
    {
        var (before, after) = (RowOf(from), RowOf(to));
        ComesOn(before);

        Apply(after);

        var states = backlog.Modes();
        Assert.Equal([(NameOf(from), false), (NameOf(to), true)], states.Select(s => (s.Effect, s.On)));
        Assert.All(states, s => Assert.Contains(
            "version 2 of the operations catalogue changed its effect", s.Reason, StringComparison.Ordinal));
        CheckCommands(Words(before.ActsOnLedger ? "off" : null, after.ActsOnLedger ? "on" : null), after);
        CheckItGoes(after);
    }

    public static TheoryData<string, string> Fields => new()
    {
        { "cap", "on" },
        { "pools", "on" },
        { "fewer pools", "on" },
        { "classes", "on" },
        { "cap, pools, classes", "on" },
        { "stage", "" },
        { "measure", "" },
        { "stage, measure", "" },
        { "cap, stage", "on" },
        { "thresholds", "" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void Other_bounds_reach_the_ledger_at_once_and_what_it_looks_at_does_not_concern_it(
        string what, string commanded)
    {
        var before = RowOf(DegradedEffect.ExtendHolds) with { Pools = what == "fewer pools" ? [] : [new("a-*")] };
        var after = what switch
        {
            "cap" => before with { CapMs = 120_000 },
            "pools" => before with { Pools = [new("a-*"), new("b-*")] },
            "fewer pools" => before with { Pools = [new("b-*")] },
            "classes" => before with { Classes = [Classes[0]] },
            "cap, pools, classes" => before with { CapMs = 1_000, Pools = [], Classes = [.. Classes] },
            "stage" => before with { Stage = Payment },
            "measure" => ByAge(before),
            "stage, measure" => ByAge(before) with { Stage = Payment },
            "cap, stage" => before with { CapMs = 120_000, Stage = Payment },
            "thresholds" => before with { OnAt = 0.5, OffAt = 0.4 },
            _ => throw new ArgumentException($"There is no case '{what}'.", nameof(what)),
        };
        ComesOn(before);

        Apply(after);

        var told = backlog.Modes();
        Assert.Equal(what == "thresholds" ? 0 : 1, told.Count);
        Assert.All(told, s => Assert.Equal(
            (true, after.Stage, after.CapMs, $"version 2 of the operations catalogue changed its {Named(what)}"),
            (s.On, s.StageId, s.CapMs, s.Reason)));
        CheckCommands(commanded, after);
        CheckItGoes(after);
    }

    [Fact]
    public void A_stage_that_is_in_no_trouble_lets_the_mode_go()
    {
        var before = RowOf(DegradedEffect.RejectHolds);
        ComesOn(before);

        Apply(before with { Stage = "ReadyForFulfillment" });
        backlog.Pass(TimeSpan.FromSeconds(5));

        Assert.Equal(
            [("ReadyForFulfillment", true), ("ReadyForFulfillment", false)],
            backlog.Modes().Select(m => (m.StageId, m.On)));
        Assert.Equal([false], Switches().Select(s => s.On));
    }

    [Fact]
    public void A_person_who_is_quicker_than_the_next_look_ends_what_was_told()
    {
        ComesOn(RowOf(DegradedEffect.ExtendHolds));
        backlog.Apply(CatalogueOf(RowOf(DegradedEffect.ManualReview)));

        backlog.Switch(Slow, false, "kim", "enough");

        Assert.Equal([false], Switches().Select(s => s.On));
        Assert.Equal(
            [("extendHolds", false), ("manualReview", true), ("manualReview", false)],
            backlog.Modes().Where(m => m.Decided).Select(m => (m.Effect, m.On)));
    }

    [Fact]
    public void A_persons_switch_lasts_and_the_ledger_is_told_the_new_bounds_in_her_name()
    {
        var before = RowOf(DegradedEffect.ExtendHolds);
        backlog.Apply(CatalogueOf(before));
        backlog.Switch(Slow, true, "kim", "soon");
        backlog.Pass(TimeSpan.FromSeconds(2));
        backlog.Modes();
        Switches();

        Apply(before with { CapMs = 120_000 });
        backlog.Pass(TimeSpan.FromMinutes(1));

        var told = Assert.Single(backlog.Modes());
        Assert.Equal((true, "kim", 120_000), (told.On, told.Person, told.CapMs));
        Assert.Equal([120_000], Switches().Select(s => s.CapMs));
    }

    [Fact]
    public void A_restart_or_another_catalogue_that_leaves_it_as_it_is_tells_nothing()
    {
        var row = RowOf(DegradedEffect.ExtendHolds) with { Pools = [new("a-*")], Classes = [.. Classes] };
        ComesOn(row);

        Apply(row);
        backlog.Driver.RestartFromJournal();
        backlog.Pass(TimeSpan.FromMinutes(1));

        Assert.Empty(backlog.Modes());
        Assert.Empty(Switches());
    }

    [Theory]
    [InlineData("a-*", "a-*", "other off")]
    [InlineData("c-*", "c-*", "slow on, other off")]
    [InlineData("b-*", "a-*", "slow on, other on")]
    [InlineData("b-*", "b-*", "slow off")]
    [InlineData("a-1", "b-*", "slow on")]
    public void Never_do_two_act_on_one_pool_though_both_were_on(string slow, string other, string commanded)
    {
        var (first, second) = (Mode(Slow, "a-*"), Mode(Other, "b-*"));
        ComesOn(first, second);

        Apply(first with { Pools = [new(slow)] }, second with { Pools = [new(other)] });

        Assert.Equal(commanded, string.Join(", ", Switches().Select(s => $"{s.Mode} {(s.On ? "on" : "off")}")));
        Assert.All(backlog.Modes().Where(m => !m.On), m => Assert.Contains(
            $"mode '{(m.Mode == Slow ? Other : Slow)}' is on and acts on some of its pools", m.Reason,
            StringComparison.Ordinal));
    }

    private static OperationsMode Mode(string id, string pools) =>
        RowOf(DegradedEffect.RejectHolds) with { Id = id, Pools = [new(pools)] };

    private static OperationsMode RowOf(DegradedEffect effect) => new(
        Slow, Fraud, ModeMeasure.BreachedShare, 0.2, 0.05, TimeSpan.FromSeconds(1), effect,
        effect is DegradedEffect.ExtendHolds or DegradedEffect.ShortenTtl or DegradedEffect.LaterAuthorization
            ? 60_000 : null,
        [], effect == DegradedEffect.WaitlistClasses ? [Classes[0]] : []);

    private static OperationsMode ByAge(OperationsMode row) => row with
    {
        Measure = ModeMeasure.OldestAge,
        OnAt = 60_000,
        OffAt = 30_000,
    };

    private static string NameOf(DegradedEffect effect) =>
        char.ToLowerInvariant($"{effect}"[0]) + $"{effect}"[1..];

    private static string Named(string what) => what == "fewer pools" ? "pools" : what;

    private OperationsCatalogue CatalogueOf(params OperationsMode[] rows) =>
        OperationsCatalogue.Shipped with { Version = ++version, Modes = [.. rows] };

    private void Apply(params OperationsMode[] rows)
    {
        backlog.Apply(CatalogueOf(rows));
        backlog.Pass(TimeSpan.FromSeconds(1));
    }

    // Two stages are in trouble.
    private void ComesOn(params OperationsMode[] rows)
    {
        backlog.Apply(CatalogueOf(rows));
        for (var n = 0; n < 30; n++)
        {
            backlog.Enter($"o{n}");
            backlog.Enter($"o{n}", Payment);
        }
        backlog.Pass(TimeSpan.FromMinutes(16));
        Assert.Equal(rows.Select(r => (r.Id, true)), backlog.Modes().Select(m => (m.Mode, m.On)));
        Assert.Equal(rows.Count(r => r.ActsOnLedger), Switches().Count);
    }

    // What the ledger is commanded since it was looked at last; each of its partitions is commanded the same.
    private List<AllocationCommandBody.ModeSwitch> Switches()
    {
        var commands = backlog.Commands().Where((_, index) => index % 2 == 0).ToList();
        given.AddRange(commands);
        return [.. commands.Select(c => (AllocationCommandBody.ModeSwitch)c.Body)];
    }

    private void CheckCommands(string commanded, OperationsMode row)
    {
        Assert.Equal(commanded, Words([.. Switches().Select(s => s.On ? "on" : "off")]));
        Obey();
        if (row.ActsOnLedger)
        {
            var active = Assert.Single(ledger.State.Settings.Modes);
            Assert.Equal((Slow, row.CapMs), (active.Mode, active.CapMs));
            Assert.Equal(row.Pools.Select(p => p.Text), active.Pools);
            Assert.Equal(row.Classes, active.Classes);
        }
        else
        {
            Assert.Empty(ledger.State.Settings.Modes);
        }
    }

    private void CheckItGoes(OperationsMode row)
    {
        for (var n = 0; n < 30; n++)
        {
            backlog.Leave($"o{n}");
            backlog.Leave($"o{n}", Payment);
        }
        backlog.Pass(TimeSpan.FromMinutes(1));

        Assert.False(Assert.Single(backlog.Modes()).On);
        Assert.Equal(row.ActsOnLedger ? "off" : "", Words([.. Switches().Select(s => s.On ? "on" : "off")]));
        Obey();
        Assert.Empty(ledger.State.Settings.Modes);
    }

    // One partition of the ledger stands for all of them.
    private void Obey()
    {
        ledger.NowMs = backlog.NowMs;
        foreach (var outcome in given.Select(ledger.Run))
        {
            Assert.True(outcome.Event is AllocationOutcomeEvent.ModeChanged, OutcomeText.Of(outcome));
        }
        given.Clear();
    }

    private static string Words(params string?[] words) => string.Join(' ', words.OfType<string>());
}
