using System.Text;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Verify;

namespace EndToEnd.Tests.Verify;

/// <summary>
/// What the checker once took for a fault and is none. The ledger decides each of these histories itself.
/// </summary>
public sealed class FalseAccusationTests : IDisposable
{
    private const long Second = 1_000;
    private readonly LedgerScript script = LedgerScript.WithStock(20);

    public void Dispose() => script.Dispose();

    [Fact]
    public void A_repeat_whose_original_the_partition_answered_is_in_order()
    {
        var pool = script.UnknownPools.First();
        var hold = script.Do(
            new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, pool: pool);
        script.Do(hold);
        script.Do(Configuration(), pool: pool);

        script.Do(hold);

        Assert.Equal(AnswerKind.Duplicate, script.Last.Answer);
        script.MustBeSound();
    }

    [Fact]
    public void A_physical_fact_with_a_stale_version_is_in_order()
    {
        script.Hold("r", 3);
        script.Do(new AllocationCommandBody.Confirm { ReservationId = "r" });

        script.Do(script.Command(Consumption("r", 1, "m1")) with { ExpectedVersion = 7 });
        script.Do(script.Command(new AllocationCommandBody.Return
        {
            ReservationId = "r",
            Quantity = 1,
            ConsumeId = "m2",
        }) with
        { ExpectedVersion = 0 });

        Assert.Equal("Returned", script.Last.Event);
        script.MustBeSound();
    }

    [Fact]
    public void A_repeat_of_a_split_is_in_order()
    {
        script.Hold("r", 4);
        var split = script.Do(new AllocationCommandBody.Split
        {
            ReservationId = "r",
            Parts = [new SplitPart { ReservationId = "r/1", Quantity = 1 }],
        });
        script.Do(split);
        script.Do(new AllocationCommandBody.Release { ReservationId = "r", Reason = "test" });

        script.Do(split);

        Assert.Equal(AnswerKind.Duplicate, script.Last.Answer);
        script.MustBeSound();
    }

    [Theory]
    [InlineData("")]
    [InlineData("tab\there")]
    [InlineData("300")]
    public void Ids_that_cannot_be_remembered_are_answered_each_for_itself(string id)
    {
        id = id == "300" ? new string('x', 300) : id;

        script.Do(new AllocationCommandBody.Block { Quantity = 1, Reason = "test" }, id);
        script.Do(new AllocationCommandBody.Block { Quantity = 1, Reason = "test" }, id);

        script.MustBeSound();
    }

    [Fact]
    public void Misaddressed_commands_are_answered_each_for_itself()
    {
        var hold = script.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });
        script.Put(hold, null);
        script.Put(hold, null);
        script.Put(hold, Encoding.UTF8.GetBytes("nuts"));

        script.Do(hold);

        Assert.Equal("Held", script.Last.Event);
        script.MustBeSound();
    }

    [Fact]
    public void Tombstones_of_one_id_in_two_pools_that_nobody_made_are_in_order()
    {
        var pools = script.UnknownPools.Take(2).ToList();
        foreach (var pool in pools)
        {
            script.Do(new AllocationCommandBody.Release { ReservationId = "r", Reason = "test" }, pool: pool);
        }

        // It is one of that pool once somebody makes it.
        script.Do(Configuration(), pool: pools[1]);
        script.Do(script.Command(
            new AllocationCommandBody.Release { ReservationId = "r", Reason = "test" }, pool: pools[1]) with
        {
            ExpectedVersion = 1,
        });

        Assert.Equal("NoOp", script.Last.Event);
        script.MustBeSound();
    }

    [Fact]
    public void An_id_that_is_used_again_after_it_was_forgotten_is_another_command()
    {
        script.Take(Forgetful());
        script.Do(new AllocationCommandBody.Block { Quantity = 1, Reason = "test" }, "again");
        script.NowMs += 11 * Second;

        script.Do(new AllocationCommandBody.Block { Quantity = 1, Reason = "test" }, "again");

        Assert.Equal(AnswerKind.Original, script.Last.Answer);
        script.MustBeSound();
    }

    [Fact]
    public void A_retry_that_comes_too_late_is_in_order()
    {
        script.Take(Forgetful());
        var block = script.Do(new AllocationCommandBody.Block { Quantity = 1, Reason = "test" });
        script.NowMs += 11 * Second;

        script.Do(block);
        script.Do(block);

        Assert.Contains("TooOld", script.Outcomes[^2].Reasons);
        Assert.Equal(AnswerKind.Duplicate, script.Last.Answer);
        script.MustBeSound();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(2_500)]
    public void As_many_timers_fire_for_a_record_as_the_policy_says(int timersPerRecord)
    {
        const int Holds = 2_600;
        script.Take(Forgetful() with
        {
            Limits = Forgetful().Limits with { TimersPerRecord = timersPerRecord },
        });
        script.Do(new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 2, Quantity = Holds });
        for (var index = 0; index < Holds; index++)
        {
            script.Hold($"r{index}", 1, ttlMs: 5 * Second);
        }
        script.NowMs += 6 * Second;

        script.Hold("next", 1);
        script.Hold("after", 1);

        Assert.Equal(Math.Min(Holds, 2 * timersPerRecord), script.Outcomes.Count(o => o.Event == "Expired"));
        script.MustBeSound();
    }

    [Fact]
    public void A_repeat_of_a_parked_command_may_be_the_record_that_ends_it()
    {
        var confirm = script.Do(new AllocationCommandBody.Confirm { ReservationId = "r" });
        script.Do(confirm);
        script.NowMs += 31 * Second;

        script.Do(confirm);

        Assert.Equal(
            [AnswerKind.Provisional, AnswerKind.Duplicate, AnswerKind.Original, AnswerKind.Duplicate],
            script.Outcomes.Skip(2).Select(o => o.Answer));
        script.MustBeSound();
    }

    [Fact]
    public void Repeats_of_what_a_partition_takes_take_nothing()
    {
        var policy = Forgetful() with { Version = 3 };
        script.Take(policy);
        var transfer = script.Do(
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = LedgerScript.Pool,
                Mode = AuthorityMode.Frozen,
                Owner = "legacy",
                NewEpoch = 1,
            },
            pool: ReservedKeys.Authority);
        script.Do(
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = LedgerScript.Pool,
                Mode = AuthorityMode.Authoritative,
                Owner = "alloc",
                NewEpoch = 2,
            },
            pool: ReservedKeys.Authority);
        script.Do(transfer);

        script.Hold("r", 1);

        Assert.Equal("Held", script.Last.Event);
        script.MustBeSound();
    }

    [Fact]
    public void A_confirmation_of_no_more_than_is_confirmed_releases_the_rest()
    {
        script.Hold("r", 4);
        script.Do(new AllocationCommandBody.Confirm { ReservationId = "r", Quantity = 2, Remainder = Remainder.Keep });

        script.Do(new AllocationCommandBody.Confirm { ReservationId = "r", Quantity = 1 });

        Assert.Equal("Confirmed", script.Last.Event);
        script.MustBeSound();
    }

    [Fact]
    public void A_late_confirmation_without_a_quantity_takes_back_what_expired()
    {
        script.Take(Forgetful() with
        {
            ConductTable = [new ConductRow("late", PoolPattern.All, true, true, true, 0)],
        });
        script.Hold("r", 4, ttlMs: Second);
        script.NowMs += 2 * Second;

        script.Do(new AllocationCommandBody.Confirm { ReservationId = "r" });

        Assert.Equal("Confirmed", script.Last.Event);
        script.MustBeSound();
    }

    [Fact]
    public void A_partition_answers_for_pools_of_slices_with_other_epochs()
    {
        var pools = script.UnknownPools.Take(2).ToList();
        script.Do(
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = pools[0],
                Mode = AuthorityMode.Frozen,
                Owner = "legacy",
                NewEpoch = 4,
            },
            pool: ReservedKeys.Authority);

        script.Do(new AllocationCommandBody.Confirm { ReservationId = "r" }, pool: pools[0]);
        script.Do(new AllocationCommandBody.Confirm { ReservationId = "r" }, pool: pools[1]);

        Assert.Equal(0, script.Last.Epoch);
        script.MustBeSound();
    }

    private static AllocationPolicy Forgetful() => PolicyVersions.Version0 with
    {
        Version = 1,
        Limits = PolicyVersions.Version0.Limits with { CommandRetentionMs = 10 * Second, GraceMs = 5 * Second },
    };

    private static AllocationCommandBody.PoolConfigure Configuration() => new()
    {
        Settings = new PoolSettings { Unit = "piece", Kind = PoolKind.Stock },
    };

    private static AllocationCommandBody.Consume Consumption(string id, long quantity, string consumeId) => new()
    {
        ReservationId = id,
        Quantity = quantity,
        ConsumeId = consumeId,
        OccurredAtMs = 0,
    };
}
