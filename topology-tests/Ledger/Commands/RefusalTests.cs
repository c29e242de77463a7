using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Commands;

/// <summary>
/// What is malformed or misaddressed is answered and registers nothing: no command id, no pool, no source, no
/// reservation. Sent again it is looked at afresh, and what was mended is decided under the same id.
/// </summary>
public sealed class RefusalTests
{
    /// <summary>Where a record does not belong.</summary>
    private static readonly Dictionary<string, Func<TestLedger, AllocationCommand, IReadOnlyList<AllocationOutcome>>>
        Places = new()
        {
            ["null key, right partition"] = (l, c) => l.Fold(c, key: null, TestLedger.Partition, l.NowMs),
            ["null key, wrong partition"] = (l, c) => l.Fold(c, key: null, -1, l.NowMs),
            ["another key, right partition"] = (l, c) => l.Fold(c, "nuts", TestLedger.Partition, l.NowMs),
            ["another key, wrong partition"] = (l, c) => l.Fold(c, "nuts", TestLedger.Partition + 1, l.NowMs),
            ["empty key"] = (l, c) => l.Fold(c, "", TestLedger.Partition, l.NowMs),
        };

    private static TestLedger Ledger(bool isKnown, LedgerRole role = LedgerRole.Authority)
    {
        var ledger = new TestLedger(PolicyVersions.Version0 with
        {
            ModeTable = [new ModeRow("mode/slow", "slow", PoolPattern.All, ModeEffect.ExtendHolds, 5_000)],
        }, role);
        if (role == LedgerRole.Shadow)
        {
            ledger.Run(ledger.Command(
                new AllocationCommandBody.AuthorityTransfer
                {
                    Slice = "*",
                    Mode = AuthorityMode.Shadow,
                    Owner = "erp",
                    NewEpoch = 1,
                },
                pool: ReservedKeys.Authority));
        }
        if (isKnown)
        {
            ledger.Configure();
            ledger.Delta(1, 20);
        }
        return ledger;
    }

    public static TheoryData<CommandKind, string, bool, bool> Malformed
    {
        get
        {
            var data = new TheoryData<CommandKind, string, bool, bool>();
            var faults = CommandSamples.Kinds.SelectMany(k => CommandSamples.Envelopes.Keys.Select(f => (k, f)))
                .Concat(CommandSamples.Bodies.Select(b => (b.Kind, b.Fault)));
            foreach (var (kind, fault) in faults)
            {
                foreach (var isKnown in (bool[])[true, false])
                {
                    data.Add(kind, fault, isKnown, false);
                    data.Add(kind, fault, isKnown, true);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_command_registers_nothing_and_is_decided_once_it_is_mended(
        CommandKind kind, string fault, bool isPoolKnown, bool isShadow)
    {
        var ledger = Ledger(isPoolKnown, isShadow ? LedgerRole.Shadow : LedgerRole.Authority);
        var good = CommandSamples.Command(ledger, kind);
        var spoil = CommandSamples.Envelopes.GetValueOrDefault(fault)
            ?? CommandSamples.Bodies.Single(b => b.Kind == kind && b.Fault == fault).Spoil;
        var bad = spoil(good);
        var before = Registered(ledger);

        var first = ledger.All(bad).Single();
        var again = ledger.All(bad).Single();

        AssertRefused(first, bad);
        AssertRefused(again, bad);
        Assert.Equal(before, Registered(ledger));

        var mended = ledger.All(good).First(o => o.CausedBy is null);

        Assert.Null(mended.DuplicateOf);
        Assert.DoesNotContain("Malformed", OutcomeText.Of(mended), StringComparison.Ordinal);
        Assert.DoesNotContain("IdempotencyConflict", OutcomeText.Of(mended), StringComparison.Ordinal);
        Assert.True(mended.Original || mended.Event is AllocationOutcomeEvent.Parked, OutcomeText.Of(mended));
    }

    public static TheoryData<CommandKind, string, bool> Misaddressed
    {
        get
        {
            var data = new TheoryData<CommandKind, string, bool>();
            foreach (var kind in CommandSamples.Kinds)
            {
                foreach (var place in Places.Keys)
                {
                    data.Add(kind, place, true);
                    data.Add(kind, place, false);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Misaddressed))]
    public void Misaddressed_command_registers_nothing_and_is_decided_where_it_belongs(
        CommandKind kind, string place, bool isPoolKnown)
    {
        var ledger = Ledger(isPoolKnown);
        var command = CommandSamples.Command(ledger, kind);
        var before = Registered(ledger);

        AllocationOutcome[] refused =
        [
            Places[place](ledger, command).Single(), Places[place](ledger, command).Single(),
            .. CommandSamples.Envelopes.Values.Select(spoil => Places[place](ledger, spoil(command)).Single()),
        ];

        Assert.All(refused, o => AssertRefused(o, command));
        Assert.All(refused, o => Assert.Equal("$partition/3", o.PoolId));
        Assert.Equal(before, Registered(ledger));

        var right = ledger.All(command).First(o => o.CausedBy is null);

        Assert.Null(right.DuplicateOf);
        Assert.DoesNotContain("Malformed", OutcomeText.Of(right), StringComparison.Ordinal);
        Assert.True(right.Original || right.Event is AllocationOutcomeEvent.Parked, OutcomeText.Of(right));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nuts")]
    public void Misaddressed_repeat_is_not_told_the_answer_and_leaves_it_as_it_is(string? key)
    {
        var ledger = Ledger(isKnown: true);
        var command = CommandSamples.Command(ledger, CommandKind.Hold);
        var original = ledger.Run(command);

        var misaddressed = ledger.Fold(command, key, TestLedger.Partition, ledger.NowMs).Single();
        var repeat = ledger.Run(command);

        AssertRefused(misaddressed, command);
        Assert.Equal(OutcomeIds.Of(original), repeat.DuplicateOf);
    }

    [Fact]
    public void Command_in_the_wrong_partition_of_a_pool_that_nobody_knows_there_registers_nothing()
    {
        foreach (var kind in CommandSamples.Kinds.Where(k => !CommandKinds.IsForPartition(k)))
        {
            var ledger = Ledger(isKnown: false);
            var command = CommandSamples.Command(ledger, kind);
            var before = Registered(ledger);

            var refused = ledger.Fold(command, TestLedger.Pool, TestLedger.Partition + 1, ledger.NowMs).Single();

            AssertRefused(refused, command);
            Assert.Equal(before, Registered(ledger));
            Assert.Null(ledger.All(command).First(o => o.CausedBy is null).DuplicateOf);
        }
    }

    [Fact]
    public void Malformed_body_under_the_id_of_a_decided_command_is_a_conflict_and_the_answer_stays()
    {
        var ledger = Ledger(isKnown: true);
        var command = CommandSamples.Command(ledger, CommandKind.Hold);
        ledger.Run(command);

        var conflict = ledger.Run(command with { Body = new AllocationCommandBody.Hold() });

        Assert.Equal("R Malformed+IdempotencyConflict", OutcomeText.Of(conflict));
        Assert.False(conflict.Original);
        Assert.NotNull(ledger.Run(command).DuplicateOf);
    }

    [Fact]
    public void What_the_state_makes_malformed_may_be_sent_again_under_its_id()
    {
        var ledger = Ledger(isKnown: true);
        var most = 1_000_000_000_000_000;
        for (var sequence = 2; ledger.Delta(sequence, most).Event is AllocationOutcomeEvent.SupplyApplied;)
        {
            sequence++;
        }
        var delta = ledger.Command(new AllocationCommandBody.SupplyDelta
        {
            Source = "other",
            SourceSequence = 1,
            Quantity = most,
        });

        var overflows = ledger.Run(delta);
        ledger.Run(new AllocationCommandBody.SupplyDelta { Source = "other", SourceSequence = 2, Quantity = -most });
        var later = ledger.Run(delta);

        AssertRefused(overflows, delta);
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(later));
    }

    [Fact]
    public void Command_that_waited_ends_with_its_original_even_where_a_balance_would_overflow()
    {
        var ledger = Ledger(isKnown: true);
        var limit = ledger.Policy.Limits.MaximumQuantity;
        for (var sequence = 2; ledger.Delta(sequence, -limit).Event is AllocationOutcomeEvent.SupplyApplied;)
        {
            sequence++;
        }
        var parked = ledger.Consume("r", limit, "used");

        var end = ledger.Wait(TimeSpan.FromMinutes(1)).Single(o => o.CommandId == parked.CommandId);

        Assert.IsType<AllocationOutcomeEvent.Parked>(parked.Event);
        Assert.Equal("R Malformed", OutcomeText.Of(end));
        Assert.True(end.Original);
        Assert.NotNull(end.RememberUntilMs);
    }

    [Fact]
    public void Shadow_leaves_what_is_misaddressed_to_the_authority()
    {
        var ledger = Ledger(isKnown: true, LedgerRole.Shadow);
        var command = CommandSamples.Command(ledger, CommandKind.Hold);

        Assert.Empty(ledger.Fold(command, key: null, TestLedger.Partition, ledger.NowMs));
        Assert.Empty(ledger.Fold(command, "nuts", TestLedger.Partition, ledger.NowMs));
        Assert.True(ledger.Run(command).Original);
    }

    public static TheoryData<CommandKind> CreatingKinds =>
    [
        CommandKind.PoolConfigure, CommandKind.SupplyDelta, CommandKind.Consume, CommandKind.Return, CommandKind.Block,
    ];

    [Theory]
    [MemberData(nameof(CreatingKinds))]
    public void Rejected_command_does_not_make_its_pool_known_and_an_applied_one_does(CommandKind kind)
    {
        var ledger = Ledger(isKnown: false);
        ledger.Run(ledger.Command(
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = "*",
                Mode = AuthorityMode.Authoritative,
                Owner = "alloc",
                NewEpoch = 7,
            },
            pool: ReservedKeys.Authority));
        var good = CommandSamples.Command(ledger, kind);
        var unknown = CommandSamples.Command(ledger, CommandKind.Hold, "hold");
        ledger.Run(unknown);
        AllocationCommand[] rejected =
        [
            good with { CommandId = "hold" },
            good with { CommandId = "" },
            .. CommandSamples.IsFact(kind)
                ? Array.Empty<AllocationCommand>()
                : [good with { CommandId = "stale", Epoch = 6 }, good with { CommandId = "old", IssuedAtMs = 1 }],
        ];

        foreach (var command in rejected)
        {
            var answer = ledger.All(command).Single();

            Assert.IsType<AllocationOutcomeEvent.Rejected>(answer.Event);
            Assert.Equal(("$partition/3", TestLedger.Pool), (answer.PoolId, answer.RequestedPoolId));
            Assert.Contains(answer.Decision, s => s is { Rule: DecisionRule.PoolKnown, Result: RuleResult.Failed });
            Assert.Null(ledger.State.GetPool(TestLedger.Pool));
            Assert.Equal("R UnknownPool", OutcomeText.Of(ledger.Hold("later", 1)));
        }

        var applied = ledger.All(good)[0];

        Assert.Equal((TestLedger.Pool, 1L), (applied.PoolId, applied.Sequence));
        Assert.NotNull(ledger.State.GetPool(TestLedger.Pool));
    }

    private static void AssertRefused(AllocationOutcome outcome, AllocationCommand command)
    {
        var reasons = Assert.IsType<AllocationOutcomeEvent.Rejected>(outcome.Event).Reasons;
        Assert.All(reasons, r => Assert.Equal(ReasonCode.Malformed, r.Code));
        Assert.False(outcome.Original);
        Assert.Null(outcome.DuplicateOf);
        Assert.Null(outcome.RememberUntilMs);
        Assert.Null(outcome.CausedBy);
        Assert.Equal(command.PoolId, outcome.RequestedPoolId ?? outcome.PoolId);
        Assert.Empty(outcome.Entries);
        Assert.Empty(outcome.After);
        Assert.Empty(outcome.Timers);
        Assert.Empty(outcome.SupplySources);
        Assert.Empty(outcome.SupplyFacts);
        Assert.Empty(outcome.ConsumeIds);
        Assert.Empty(outcome.Approvals);
    }

    // All that a decision can look at later, but for the pool of the partition, which counts its answers.
    private static string Registered(TestLedger ledger)
    {
        var state = ledger.State;
        return string.Join('\n',
        [
            .. state.Pools.Keys.Where(id => !id.StartsWith('$')).Order(StringComparer.Ordinal),
            .. state.Commands.Keys.Select(k => $"command {k}").Order(StringComparer.Ordinal),
            .. state.Reservations.Keys.Select(k => $"reservation {k}").Order(StringComparer.Ordinal),
            .. state.Consumes.Keys.Select(k => $"consume {k}").Order(StringComparer.Ordinal),
            .. state.GetSources(TestLedger.Pool).Select(s => $"source {s}"),
            .. state.GetTimers().Select(t => $"timer {t}"),
            $"{state.Settings.Policies.Count} {state.Settings.Modes.Count} {state.Settings.Slices.Count}",
        ]);
    }
}
