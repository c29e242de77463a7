using System.Globalization;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using FsCheck;
using FsCheck.Fluent;

namespace Topology.Tests.Ledger;

/// <summary>What must hold of every history.</summary>
public sealed class JournalPropertyTests
{
    private static readonly Config Thorough = Properties.Of(150).WithEndSize(150);

    private static void ForAllHistories(Action<TestLedger, RandomHistory.Step[]> check) =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte, byte, byte, byte, byte)[]>(), tuples =>
        {
            var steps = tuples.Select(s => new RandomHistory.Step(s.Item1, s.Item2, s.Item3, s.Item4, s.Item5))
                .ToArray();
            check(RandomHistory.Run(steps), steps);
        }).Check(Thorough);

    [Fact]
    public void State_is_the_fold_of_the_journal_entry_by_entry() => ForAllHistories((ledger, _) =>
    {
        var folded = new InMemoryLedgerState();

        foreach (var outcome in ledger.Journal)
        {
            Evolve.Apply(folded, Copy(outcome));
        }

        Assert.Equal(Entries(ledger.State), Entries(folded));
    });

    [Fact]
    public void Same_log_gives_the_same_bytes() => ForAllHistories((ledger, steps) =>
    {
        var again = RandomHistory.Run(steps);

        Assert.Equal(ledger.Journal.Select(o => Convert.ToHexString(Bytes(o))),
            again.Journal.Select(o => Convert.ToHexString(Bytes(o))));
    });

    [Fact]
    public void Sequences_have_no_gap_and_no_repeat() => ForAllHistories((ledger, _) =>
        Assert.All(ledger.Journal.GroupBy(o => o.PoolId), pool =>
            Assert.Equal(Enumerable.Range(1, pool.Count()).Select(i => (long)i), pool.Select(o => o.Sequence))));

    [Fact]
    public void Balances_are_the_fold_of_the_entries_and_sum_to_zero() => ForAllHistories((ledger, _) =>
    {
        var accounts = Enum.GetValues<Account>().ToDictionary(a => a, _ => 0L);
        foreach (var entry in ledger.Journal.Where(o => o.PoolId == TestLedger.Pool).SelectMany(o => o.Entries))
        {
            accounts[entry.From] -= entry.Quantity;
            accounts[entry.To] += entry.Quantity;
        }
        var balances = ledger.Balances;

        Assert.Equal(0, accounts.Values.Sum());
        Assert.Equal(
            (balances.External, balances.Free, balances.Held, balances.Confirmed, balances.Consumed, balances.Blocked),
            (accounts[Account.External], accounts[Account.Free], accounts[Account.Held], accounts[Account.Confirmed],
                accounts[Account.Consumed], accounts[Account.Blocked]));
        Assert.Equal(balances.Held, ledger.State.Reservations.Values.Sum(r => r.Held));
        Assert.Equal(balances.Confirmed, ledger.State.Reservations.Values.Sum(r => r.Confirmed));
        Assert.Equal(Math.Max(0, -balances.Free), ledger.PoolState.Deficit);
    });

    [Fact]
    public void No_grant_exceeds_what_was_available_just_before() => ForAllHistories((ledger, _) =>
    {
        // Opening balances were promised by another system; they are taken as they are.
        foreach (var outcome in ledger.Journal.Where(o => o.Event is not AllocationOutcomeEvent.Imported))
        {
            var granted = outcome.Entries.Where(e => e.Kind == EntryKind.Held).Sum(e => e.Quantity);
            Assert.True(granted == 0 || granted <= outcome.BalancesBefore.Free, OutcomeIds.Of(outcome));
        }
    });

    [Fact]
    public void Every_command_has_exactly_one_original_outcome_once_its_grace_is_over() =>
        ForAllHistories((ledger, _) =>
        {
            ledger.Wait(TimeSpan.FromHours(25));

            var answers = ledger.Journal.Where(o => o.CommandId is not null).GroupBy(o => o.CommandId);

            // What is malformed is not taken; of the rest each command has one.
            Assert.All(
                answers, a => Assert.Equal(a.All(IsMalformed) ? 0 : 1, a.Count(o => o.Original)));
            Assert.Equal((0, 0), (ledger.PoolState.Parked, ledger.PoolState.Approvals));
        });

    private static bool IsMalformed(AllocationOutcome outcome) =>
        OutcomeText.Of(outcome).Contains("Malformed", StringComparison.Ordinal);

    [Fact]
    public void Nothing_is_overdue_after_a_record_and_timers_are_what_state_says() => ForAllHistories((ledger, _) =>
    {
        var t = ledger.State.Partition.TMs;
        var expected = new SortedSet<LedgerTimer>(LedgerTimerOrder.Instance);
        foreach (var ((poolId, id), reservation) in ledger.State.Reservations)
        {
            if (reservation.ExpiresAtMs is { } expiresAt)
            {
                expected.Add(new LedgerTimer(expiresAt, TimerKind.Expiry, poolId, id));
            }
            foreach (var parked in reservation.Parked)
            {
                expected.Add(new LedgerTimer(parked.DueAtMs, TimerKind.ParkingEnd, poolId, id));
            }
        }
        foreach (var ((poolId, id), pending) in ledger.State.Approvals)
        {
            expected.Add(new LedgerTimer(pending.DueAtMs, TimerKind.ApprovalEnd, poolId, id));
        }
        foreach (var policy in ledger.State.Settings.Policies)
        {
            if (policy.Version > ledger.State.Partition.PolicyVersion)
            {
                expected.Add(new LedgerTimer(
                    policy.EffectiveAtMs, TimerKind.PolicyStep, "$partition/3",
                    policy.Version.ToString(CultureInfo.InvariantCulture)));
            }
        }
        foreach (var source in ledger.State.GetSources(TestLedger.Pool))
        {
            foreach (var range in source.Missing.Where(m => m.GapAtMs is not null))
            {
                expected.Add(new LedgerTimer(range.GapAtMs!.Value, TimerKind.GapGrace, TestLedger.Pool, source.Source));
            }
        }

        Assert.Equal(expected, ledger.State.GetTimers());
        Assert.All(expected, timer => Assert.True(timer.DueAtMs > t));
        Assert.All(expected, timer => Assert.True(
            timer.Kind is TimerKind.GapGrace or TimerKind.ApprovalEnd or TimerKind.PolicyStep
            || ledger.PoolState.NextTimerAtMs <= timer.DueAtMs));
    });

    [Fact]
    public void Journal_with_a_gap_or_a_repeat_does_not_fold()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 1);
        var folded = new InMemoryLedgerState();
        Evolve.Apply(folded, ledger.Journal[0]);

        Assert.Throws<LedgerFaultException>(() => Evolve.Apply(folded, ledger.Journal[0]));
        Assert.Throws<LedgerFaultException>(() => Evolve.Apply(folded, ledger.Journal[2]));
    }

    private static byte[] Bytes<T>(T record)
        where T : class, IAvroRecord<T>
    {
        using var writer = new AvroWriter();
        record.Write(writer);
        return writer.WrittenSpan.ToArray();
    }

    // Through the bytes, as a reader of the topic gets it.
    private static AllocationOutcome Copy(AllocationOutcome outcome)
    {
        var reader = new AvroReader(Bytes(outcome));
        var copy = AllocationOutcome.Read(ref reader);
        reader.EnsureEnd();
        return copy;
    }

    private static SortedDictionary<string, string> Entries(InMemoryLedgerState state)
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["partition"] = Convert.ToHexString(Bytes(state.Partition)),
        };
        foreach (var (id, pool) in state.Pools)
        {
            entries[$"pool {id}"] = Convert.ToHexString(Bytes(pool));
            foreach (var source in state.GetSources(id))
            {
                entries[$"source {id} {source.Source}"] = Convert.ToHexString(Bytes(source));
                foreach (var fact in state.GetFacts(id, source.Source))
                {
                    entries[$"fact {id} {source.Source} {fact.SourceSequence}"] = Convert.ToHexString(Bytes(fact));
                }
            }
        }
        foreach (var (key, reservation) in state.Reservations)
        {
            entries[$"reservation {key}"] = Convert.ToHexString(Bytes(reservation));
        }
        foreach (var (key, memory) in state.Commands)
        {
            entries[$"command {key}"] = Convert.ToHexString(Bytes(memory));
        }
        foreach (var (key, memory) in state.Consumes)
        {
            entries[$"consume {key}"] = Convert.ToHexString(Bytes(memory));
        }
        foreach (var (key, pending) in state.Approvals)
        {
            entries[$"approval {key}"] = Convert.ToHexString(Bytes(pending));
        }
        entries["settings"] = Convert.ToHexString(Bytes(state.Settings));
        foreach (var timer in state.GetTimers())
        {
            entries[$"timer {timer}"] = "";
        }
        return entries;
    }
}
