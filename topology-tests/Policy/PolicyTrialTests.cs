using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.Trial;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Topology.Tests.Ledger;

namespace Topology.Tests.Policy;

/// <summary>A policy is tried on the log before it is in force; the same policies decide the same again.</summary>
public sealed class PolicyTrialTests
{
    private readonly TestLedger ledger = TestLedger.WithStock(10);
    private readonly List<LedgerRecord> log = [];

    [Fact]
    public void The_same_policies_give_the_same_bytes_from_any_point_of_the_log()
    {
        WriteHistory();

        for (var from = 0; from <= log.Count; from++)
        {
            var (trial, journal) = Begin(candidate: null, from);
            var again = log.Skip(from).SelectMany(record => trial.Decide(record).Select(Bytes)).ToList();

            Assert.Equal(journal.Select(Bytes), again);
        }
    }

    [Fact]
    public void A_quota_says_who_would_have_been_refused()
    {
        WriteHistory();

        var comparison = Compare(Policy("quota: [{id: q, pools: bolts, scope: channel, value: web, nominal: 3}]\n"));

        Assert.Contains((nameof(AllocationOutcomeEvent.Held), "Rejected QuotaExceeded"), comparison.Changes.Keys);
        var example = comparison.Examples.First(e => e.WouldBe.Kind == "Rejected QuotaExceeded");
        Assert.Equal("bolts", example.PoolId);
        Assert.StartsWith("b, 3 held, for 900 s, class standard", example.Was.Terms, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_life_of_holds_changes_the_terms_and_what_expires()
    {
        Fold(new AllocationCommandBody.Hold { ReservationId = "a", Quantity = 1 });
        Wait(minutes: 10);
        Fold(new AllocationCommandBody.Hold { ReservationId = "b", Quantity = 1 });

        var comparison = Compare(Policy("").Replace("15m", "5m", StringComparison.Ordinal));

        Assert.Equal(2, comparison.Different);
        Assert.Equal("a, 1 held, for 900 s, class standard", comparison.Examples[0].Was.Terms);
        Assert.Equal("a, 1 held, for 300 s, class standard", comparison.Examples[0].WouldBe.Terms);
        Assert.Equal((0, 1), comparison.Consequences[nameof(AllocationOutcomeEvent.Expired)]);
    }

    [Fact]
    public void The_policy_that_was_in_force_changes_nothing()
    {
        WriteHistory(withPolicy: false);

        var comparison = Compare(PolicyDocument.Write(PolicyVersions.Version0));

        Assert.True(comparison.Compared > 5);
        Assert.Equal(0, comparison.Different);
        Assert.All(comparison.Consequences.Values, counts => Assert.Equal(counts.Was, counts.WouldBe));
    }

    [Fact]
    public void A_policy_that_a_partition_would_not_take_is_not_tried()
    {
        WriteHistory(withPolicy: false);
        var candidate = PolicyDocument.ParseAny(PolicyTexts.Smallest).Policy!;
        var trial = new PolicyTrial(TestLedger.Partition);
        ledger.Journal.ForEach(trial.Restore);

        var reasons = trial.Begin(candidate, "allocation.commands", 99);

        Assert.Contains("The class 'standard' of version 0 is gone", Assert.Single(reasons), StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_one_of_the_policies_takes_is_compared_by_its_content()
    {
        Fold(new AllocationCommandBody.Hold { ReservationId = "a", Quantity = 3 }, id: "fits");
        Fold(new AllocationCommandBody.Hold { ReservationId = "b", Quantity = 0 }, id: "mended");
        Fold(new AllocationCommandBody.Hold { ReservationId = "b", Quantity = 1 }, id: "mended");

        var same = Compare(PolicyDocument.Write(PolicyVersions.Version0));
        var smaller = Compare(Policy("limits: {maximumQuantity: 2}\n"));

        Assert.Equal((3, 0), (same.Compared, same.Different));
        Assert.Equal((3, 1), (smaller.Compared, smaller.Different));
        Assert.Equal([("Held", "Rejected Malformed")], smaller.Changes.Keys);
    }

    private TrialComparison Compare(string document)
    {
        var comparison = new TrialComparison(exampleCount: 3);
        var (trial, journal) = Begin(PolicyDocument.ParseAny(document).Policy!, from: 0);
        journal.ForEach(comparison.Was);
        foreach (var outcome in log.SelectMany(record => trial.Decide(record).ToArray()))
        {
            comparison.WouldBe(outcome);
        }
        comparison.Finish();
        return comparison;
    }

    private (PolicyTrial Trial, List<AllocationOutcome> Journal) Begin(AllocationPolicy? candidate, int from)
    {
        var offset = from < log.Count ? log[from].Offset : long.MaxValue;
        var trial = new PolicyTrial(TestLedger.Partition);
        foreach (var outcome in ledger.Journal.Where(o => o.Source.Offset < offset))
        {
            trial.Restore(outcome);
        }
        Assert.Empty(trial.Begin(candidate, "allocation.commands", offset));
        return (trial, [.. ledger.Journal.Where(o => o.Source.Offset >= offset)]);
    }

    private void WriteHistory(bool withPolicy = true)
    {
        Fold(new AllocationCommandBody.Hold { ReservationId = "a", Quantity = 2 });
        Fold(new AllocationCommandBody.Hold { ReservationId = "b", Quantity = 3 });
        Fold(new AllocationCommandBody.Confirm { ReservationId = "a" });
        if (withPolicy)
        {
            var policy = PolicyDocument.ParseAny(Policy("").Replace("15m", "20m", StringComparison.Ordinal)).Policy!;
            Fold(
                new AllocationCommandBody.PolicyActivate
                {
                    Document = PolicyDocument.Write(policy),
                    Version = 1,
                    ContentHash = PolicyDocument.HashOf(policy),
                    EffectiveAtMs = ledger.NowMs + 60_000,
                },
                ReservedKeys.Policy);
        }
        Wait(minutes: 2);
        Fold(new AllocationCommandBody.Hold { ReservationId = "c", Quantity = 4 });
        Fold(new AllocationCommandBody.Hold { ReservationId = "d", Quantity = 9 });
        Wait(minutes: 18);
        Fold(new AllocationCommandBody.Hold { ReservationId = "e", Quantity = 3 });
        Fold(new AllocationCommandBody.Consume
        {
            ReservationId = "a",
            Quantity = 1,
            ConsumeId = "x",
            OccurredAtMs = ledger.NowMs,
        });
        Wait(minutes: 30);
    }

    private void Wait(int minutes)
    {
        ledger.NowMs += minutes * 60_000;
        Fold(new AllocationCommandBody.Tick { DueAtMs = ledger.NowMs }, ReservedKeys.Tick);
    }

    // TestLedger counts offsets; what stood before the log of this test is its pool and its supply.
    private void Fold(AllocationCommandBody body, string pool = TestLedger.Pool, string? id = null)
    {
        var command = ledger.Command(body, id, pool);
        var keyPartition = pool == TestLedger.Pool ? TestLedger.Partition : -1;
        log.Add(new LedgerRecord(
            "allocation.commands", TestLedger.Partition, log.Count + 2, ledger.NowMs, pool, keyPartition, command));
        ledger.Fold(command, pool, keyPartition, ledger.NowMs);
    }

    private static string Policy(string more) => PolicyTexts.Smallest.Replace("gold, web", "gold, standard",
        StringComparison.Ordinal).Replace("class: web", "class: standard", StringComparison.Ordinal) + more;

    private static string Bytes(AllocationOutcome outcome)
    {
        using var writer = new AvroWriter();
        outcome.Write(writer);
        return Convert.ToHexString(writer.WrittenSpan);
    }
}
