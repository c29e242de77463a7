using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Backlog.Merging;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Topology.Tests.Ledger;
using static Topology.Tests.Backlog.BacklogDriver;
using LedgerMode = Alloc.Processors.Allocation.Policy.ModeRow;
using OperationsMode = Alloc.Processors.Catalogue.ModeRow;

namespace Topology.Tests.Backlog;

/// <summary>What the backlog commands the ledger takes: of every mode, when it comes on and when it goes.</summary>
public sealed class ModeCommandsTests : IDisposable
{
    private const string Slow = "fraud-slow";
    private readonly BacklogDriver backlog = new();

    public static TheoryData<DegradedEffect, ModeEffect, long?, bool, bool> Modes
    {
        get
        {
            var modes = new TheoryData<DegradedEffect, ModeEffect, long?, bool, bool>();
            foreach (var (effect, ledgers, capMs) in new (DegradedEffect, ModeEffect, long?)[]
            {
                (DegradedEffect.ExtendHolds, ModeEffect.ExtendHolds, 60_000),
                (DegradedEffect.RejectHolds, ModeEffect.RejectHolds, null),
                (DegradedEffect.WaitlistClasses, ModeEffect.WaitlistClasses, null),
                (DegradedEffect.ShortenTtl, ModeEffect.ShortenTtl, 60_000),
            })
            {
                foreach (var (hasPools, hasClasses) in new[]
                {
                    (false, false), (true, false), (false, true), (true, true),
                })
                {
                    // A mode that lets classes wait names them.
                    if (hasClasses || effect != DegradedEffect.WaitlistClasses)
                    {
                        modes.Add(effect, ledgers, capMs, hasPools, hasClasses);
                    }
                }
            }
            return modes;
        }
    }

    public void Dispose() => backlog.Dispose();

    [Theory]
    [MemberData(nameof(Modes))]
    public void The_ledger_switches_every_mode_on_and_off_as_it_is_told(
        DegradedEffect effect, ModeEffect ledgers, long? capMs, bool hasPools, bool hasClasses)
    {
        var shipped = PolicyVersions.Version0;
        var ledger = TestLedger.WithStock(10, policy: shipped with
        {
            ModeTable = [new LedgerMode("mode/slow", Slow, PoolPattern.All, ledgers, capMs ?? 0)],
        });
        backlog.Apply(OperationsCatalogue.Shipped with
        {
            Version = 1,
            Modes =
            [
                new OperationsMode(
                    Slow, Fraud, ModeMeasure.BreachedShare, 0.2, 0.05, TimeSpan.FromSeconds(1), effect, capMs,
                    hasPools ? [PoolPattern.All] : [], hasClasses ? [shipped.Classes[0]] : []),
            ],
        });
        for (var n = 0; n < 30; n++)
        {
            backlog.Enter($"o{n}");
        }
        backlog.Pass(TimeSpan.FromMinutes(16));
        for (var n = 0; n < 30; n++)
        {
            backlog.Leave($"o{n}");
        }
        backlog.Pass(TimeSpan.FromMinutes(1));

        ledger.NowMs = backlog.NowMs;
        // Every partition of the ledger has its own; one partition stands for them here.
        var outcomes = backlog.Commands().Where((_, index) => index % 2 == 0).Select(ledger.Run).ToList();
        Assert.All(outcomes, o => Assert.True(o.Event is AllocationOutcomeEvent.ModeChanged, OutcomeText.Of(o)));
        Assert.Equal([true, false], outcomes.Select(o => ((AllocationOutcomeEvent.ModeChanged)o.Event).On));
        Assert.Empty(ledger.State.Settings.Modes);
    }

    [Fact]
    public void A_ledger_whose_policy_comes_after_the_switch_is_told_again_within_a_minute()
    {
        var refusing = TestLedger.WithStock(10);
        var allowing = TestLedger.WithStock(10, policy: PolicyVersions.Version0 with
        {
            ModeTable = [new LedgerMode("mode/slow", Slow, PoolPattern.All, ModeEffect.RejectHolds, 0)],
        });
        backlog.Apply(OperationsCatalogue.Shipped with
        {
            Version = 1,
            Modes =
            [
                new OperationsMode(
                    Slow, Fraud, ModeMeasure.BreachedShare, 0.2, 0.05, TimeSpan.FromSeconds(1),
                    DegradedEffect.RejectHolds, null, [], []),
            ],
        });
        for (var n = 0; n < 30; n++)
        {
            backlog.Enter($"o{n}");
        }
        backlog.Pass(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(10));
        refusing.NowMs = allowing.NowMs = backlog.NowMs + 60_000;
        var first = backlog.AllCommands();
        Assert.All(first, c => Assert.Contains(
            $"{ReasonCode.PolicyForbids}", OutcomeText.Of(refusing.Run(c)), StringComparison.Ordinal));

        backlog.Pass(ModeRecords.ReminderInterval);

        var again = backlog.AllCommands();
        Assert.Equal(2, again.Count);
        Assert.Empty(first.Select(c => c.CommandId).Intersect(again.Select(c => c.CommandId)));
        Assert.True(Assert.IsType<AllocationOutcomeEvent.ModeChanged>(allowing.Run(again[0]).Event).On);
        Assert.IsType<AllocationOutcomeEvent.NoOp>(allowing.Run(again[1]).Event);

        // It is the same episode: nobody is told anything new but the ledger.
        Assert.Single(backlog.Modes());
        backlog.Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(20, backlog.AllCommands().Count);

        for (var n = 0; n < 30; n++)
        {
            backlog.Leave($"o{n}");
        }
        backlog.Pass(TimeSpan.FromMinutes(10));
        Assert.All(backlog.AllCommands(), c => Assert.False(((AllocationCommandBody.ModeSwitch)c.Body).On));
    }
}
