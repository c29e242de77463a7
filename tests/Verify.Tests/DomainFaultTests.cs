using Alloc.Verify;

namespace Verify.Tests;

/// <summary>
/// The bugs that allocation systems have had: facts that count twice because of the order they came in, promises that
/// come back to life, two policies of one version. What each would leave in the journal must be found.
/// </summary>
public sealed class DomainFaultTests
{
    private const int Time = 8_000;
    private const string Erp = "erp";
    private readonly History history = History.Sound();

    public DomainFaultTests() => history.Put(
        history.Ask("configure", Ask.Other, Time), "PoolConfigured", [], [], o => o with { IsStock = true });

    [Fact]
    public void Facts_before_and_after_their_snapshot_that_count_once_have_no_findings()
    {
        Delta(1, 5);
        Snapshot(version: 1, through: 2);
        history.Put(
            history.Ask("delta-2", Ask.Other, Time), "SupplyIgnored", [], [], o => o with { Supply = null });
        Delta(3, 5);
        Consume("n1", sequence: 2, isTakenOff: true);
        Consume("n2", sequence: 4, isTakenOff: false);
        history.Put(history.Ask("again", Ask.Consume, Time), Events.NoOp, [], []);

        Expect();
    }

    [Fact]
    public void A_snapshot_before_its_delta_that_counts_both_is_found()
    {
        Snapshot(version: 1, through: 2);
        Delta(2, 5);

        Expect(FindingKind.SupplyCountedTwice);
    }

    [Fact]
    public void A_delta_that_counts_twice_is_found()
    {
        Delta(1, 5);
        Delta(1, 5);

        Expect(FindingKind.SupplyCountedTwice);
    }

    [Fact]
    public void A_snapshot_older_than_the_last_is_found()
    {
        Snapshot(version: 2, through: 2);
        Snapshot(version: 1, through: 1);

        Expect(FindingKind.SupplyCountedTwice);
    }

    [Fact]
    public void A_consumption_inside_a_snapshot_that_is_not_taken_off_is_found()
    {
        Snapshot(version: 1, through: 2);
        Consume("n1", sequence: 2, isTakenOff: false);

        Expect(FindingKind.SupplyCountedTwice);
    }

    [Fact]
    public void A_return_that_counts_twice_is_found()
    {
        Consume("n1", sequence: 1, isTakenOff: false);
        Return("n2", 1);
        Return("n2", 1);

        Expect(FindingKind.SupplyCountedTwice);
    }

    [Fact]
    public void An_outcome_id_that_is_used_again_is_found()
    {
        history.Damage("hold-3", o => o with { Sequence = o.Sequence - 1 });
        history.Publish();

        Assert.Contains(FindingKind.SequenceBroken, history.Check().Counts.Keys);
    }

    [Fact]
    public void A_confirmation_that_brings_released_units_back_is_found()
    {
        Release("r3");
        var gone = history.Of("r3");
        history.Put(
            history.Ask("late", Ask.Confirm, Time, "r3", 5), Events.Confirmed,
            [
                .. History.Move(Events.Held, Account.Free, Account.Held, 5),
                .. History.Move("HoldConfirmed", Account.Held, Account.Confirmed, 5),
            ],
            [gone with { Confirmed = 5, Granted = 10, Version = gone.Version + 1 }]);

        Expect(FindingKind.WrongEffect);
    }

    [Fact]
    public void A_confirmation_of_units_that_were_released_is_found()
    {
        Release("r3");
        var gone = history.Of("r3");
        history.Put(
            history.Ask("late", Ask.Confirm, Time, "r3", 5), Events.Confirmed,
            History.Move("HoldConfirmed", Account.Held, Account.Confirmed, 5),
            [gone with { Confirmed = 5, Released = 0, Version = gone.Version + 1 }]);

        Expect(FindingKind.NegativeBalance, FindingKind.VectorBroken, FindingKind.ReservationSumMismatch);
    }

    [Theory]
    [InlineData("conduct", false)]
    [InlineData("GroupAborted", true)]
    public void A_group_that_takes_back_what_it_committed_is_found_and_what_the_policy_lets_go_is_not(
        string row, bool isFound)
    {
        Commit("r1");
        var known = history.Of("r1");
        history.Put(
            history.Ask("abort", Ask.Release, Time, "r1"), Events.Released,
            History.Move("ConfirmRevoked", Account.Confirmed, Account.Free, 2),
            [known with { Confirmed = 0, Released = known.Released + 2, Version = known.Version + 1 }],
            o => o with { Steps = [new ObservedStep("Revocable", row, true, new Dictionary<string, long>())] });

        Expect(isFound ? [FindingKind.WrongEffect] : []);
    }

    [Fact]
    public void A_committed_group_that_is_open_again_is_found()
    {
        Commit("r1");
        var known = history.Of("r1");
        history.Put(
            history.Ask("reassign", Ask.Reassign, Time, "r1"), Events.Reassigned, [],
            [known with { IsGroupCommitted = false, Version = known.Version + 1 }]);

        Expect(FindingKind.VectorBroken);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_change_of_owner_into_a_full_quota_is_found(bool hasPassed)
    {
        var known = history.Of("r3");
        var numbers = new Dictionary<string, long> { ["Used"] = 4, ["Requested"] = 5, ["Limit"] = 6 };
        history.Put(
            history.Ask("reassign", Ask.Reassign, Time, "r3"), Events.Reassigned, [],
            [known with { Version = known.Version + 1 }],
            o => o with { Steps = [new ObservedStep("Quota", "quota/customer", hasPassed, numbers)] });

        Expect(FindingKind.QuotaBroken);
    }

    [Fact]
    public void Two_policies_of_one_version_are_found_in_one_partition()
    {
        history.TakePolicy(1, Time, "a");
        history.TakePolicy(1, Time, "b");

        Expect(FindingKind.PolicyConflict);
    }

    [Fact]
    public void Two_policies_of_one_version_are_found_in_two_partitions()
    {
        Assert.Empty(Compared("a", "a"));
        Assert.Equal([FindingKind.PolicyConflict], Compared("a", "b"));
    }

    [Fact]
    public void A_decision_under_a_policy_that_was_never_taken_or_not_yet_is_found()
    {
        history.Put(history.Ask("none", Ask.Other, Time), Events.NoOp, [], [], o => o with { PolicyVersion = 2 });
        Expect(FindingKind.PolicyConflict);

        var early = History.Sound();
        early.Put(
            early.Ask("activate", Ask.Other, Time), "PolicyActivated", [], [],
            o => o with { Policy = new ObservedPolicy(2, "a", Time + 1) });
        early.Put(early.Ask("early", Ask.Other, Time), Events.NoOp, [], [], o => o with { PolicyVersion = 2 });
        early.Expect([FindingKind.PolicyConflict]);
    }

    private static IReadOnlyList<FindingKind> Compared(string first, string second)
    {
        var findings = new Findings();
        PolicyCheck.Compare([Of(0, first), Of(1, second)], "journal", findings);
        return [.. findings.Kept.Select(f => f.Kind)];

        static (int, IReadOnlyDictionary<int, ObservedPolicy>) Of(int partition, string hash) => (partition,
            new Dictionary<int, ObservedPolicy> { [1] = new(1, hash, Time) });
    }

    private void Delta(long sequence, long quantity) => history.Put(
        history.Ask($"delta-{sequence}-{history.CommandLog.Count}", Ask.Other, Time), "SupplyApplied",
        History.Move("SupplyAdded", Account.External, Account.Free, quantity), [],
        o => o with { Supply = new ObservedSupply(Erp, sequence, null, null) });

    private void Snapshot(long version, long through) => history.Put(
        history.Ask($"snapshot-{version}", Ask.Other, Time), "SupplyApplied",
        History.Move(Events.SupplyRebased, Account.External, Account.Free, 1), [],
        o => o with { Supply = new ObservedSupply(Erp, null, version, through) });

    private void Consume(string id, long sequence, bool isTakenOff)
    {
        var known = history.Of("r1");
        var consume = history.Ask($"consume-{id}", Ask.Consume, Time, "r1", 1) with { Fact = (Erp, sequence) };
        history.CommandLog[^1] = consume;
        history.Put(
            consume, Events.Consumed,
            [
                .. History.Move(Events.Consumed, Account.Confirmed, Account.Consumed, 1),
                .. isTakenOff
                    ? History.Move("ConsumeAcknowledged", Account.Consumed, Account.External, 1)
                        .Concat(History.Move(Events.SupplyRebased, Account.External, Account.Free, 1))
                    : [],
            ],
            [
                known with
                {
                    Confirmed = known.Confirmed - 1, Consumed = known.Consumed + 1, Version = known.Version + 1,
                },
            ],
            o => o with { Effects = [(id, 90_000)] });
    }

    private void Return(string id, long quantity)
    {
        var known = history.Of("r1");
        var name = $"return-{history.CommandLog.Count}";
        history.Put(
            history.Ask(name, Ask.Other, Time), Events.Returned,
            History.Move(Events.Returned, Account.Consumed, Account.Free, quantity),
            [known with { Version = known.Version + 1 }], o => o with { Effects = [(id, 90_000)] });
    }

    private void Commit(string id)
    {
        var known = history.Of(id);
        history.Put(
            history.Ask("commit", Ask.Confirm, Time, id), Events.NoOp, [],
            [known with { IsGroupCommitted = true, Version = known.Version + 1 }]);
    }

    private void Release(string id)
    {
        var known = history.Of(id);
        history.Put(
            history.Ask("release", Ask.Release, Time, id), Events.Released,
            History.Move("HoldReleased", Account.Held, Account.Free, known.Held),
            [known with { Held = 0, Released = known.Held, Version = known.Version + 1, ExpiresAtMs = null }]);
    }

    private void Expect(params FindingKind[] kinds) => history.Expect(kinds);
}
