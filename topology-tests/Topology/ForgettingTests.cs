using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Topology.Tests.Ledger;

namespace Topology.Tests.Topology;

/// <summary>What is past its time leaves the stores, a bounded piece at a time; what is not stays.</summary>
public sealed class ForgettingTests : IDisposable
{
    private readonly AllocationDriver alloc = new();

    public ForgettingTests() => alloc.Stock("bolts", 10_000);

    public void Dispose() => alloc.Dispose();

    [Fact]
    public void Commands_are_forgotten_a_day_after_their_answer()
    {
        alloc.Send("bolts", Hold("a"), commandId: "early");
        Pass(TimeSpan.FromHours(23));
        alloc.Send("bolts", Hold("b"), commandId: "late");
        var before = Commands();

        Pass(TimeSpan.FromHours(2));
        var after = Commands();

        Assert.Contains("early", before);
        Assert.DoesNotContain("early", after);
        Assert.Contains("late", after);
    }

    [Fact]
    public void Ended_reservations_are_forgotten_after_thirty_days_and_standing_ones_never()
    {
        alloc.Send("bolts", Hold("released"));
        alloc.Send("bolts", new AllocationCommandBody.Release { ReservationId = "released", Reason = "Cancelled" });
        alloc.Send("bolts", Hold("confirmed"));
        alloc.Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "confirmed" });

        Pass(TimeSpan.FromDays(29));
        var before = Reservations();
        Pass(TimeSpan.FromDays(2));
        var after = Reservations();

        Assert.Equal(["confirmed", "released"], before);
        Assert.Equal(["confirmed"], after);
    }

    [Fact]
    public void Consumptions_are_forgotten_after_thirty_days()
    {
        alloc.Send("bolts", Hold("a"));
        alloc.Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "a" });
        alloc.Send("bolts", new AllocationCommandBody.Consume
        {
            ReservationId = "a",
            Quantity = 1,
            ConsumeId = "ship-1",
            OccurredAtMs = alloc.Driver.NowMs,
        });

        Pass(TimeSpan.FromDays(29));
        var before = Keys<ConsumeMemory>(AllocationStores.Consumes);
        Pass(TimeSpan.FromDays(2));

        Assert.Single(before);
        Assert.Empty(Keys<ConsumeMemory>(AllocationStores.Consumes));
    }

    [Fact]
    public void A_sweep_looks_at_a_bounded_piece_and_the_next_one_goes_on_there()
    {
        for (var index = 0; index < 4_500; index++)
        {
            alloc.Send("bolts", Hold($"r{index:D5}"), commandId: $"c{index:D5}");
        }
        alloc.Driver.AdvanceWallClock(TimeSpan.FromHours(25));
        alloc.Send("bolts", Hold("now"), commandId: "now");

        var left = new List<int>();
        for (var run = 0; run < 4; run++)
        {
            alloc.Driver.AdvanceWallClock(Forgetting.Interval);
            left.Add(Commands().Count);
        }

        Assert.True(left[0] >= 2_500, $"The first sweep left {left[0]} of 4503 commands.");
        Assert.Equal(left.OrderDescending(), left);
        Assert.Equal(["now"], Commands());
    }

    [Fact]
    public void A_decision_does_not_depend_on_what_was_swept()
    {
        using var swept = new AllocationDriver();
        using var unswept = new AllocationDriver { Driver = { CommitsEachRecord = false } };
        var answers = new[] { swept, unswept }.Select(driver =>
        {
            driver.Stock("bolts", 10);
            driver.Send("bolts", Hold("a"), commandId: "again");
            driver.Driver.AdvanceWallClock(TimeSpan.FromHours(25));
            driver.Send("bolts", Hold("b"), commandId: "between");
            driver.Driver.AdvanceWallClock(Forgetting.Interval);
            var isRemembered = Keys<CommandMemory>(AllocationStores.Commands, driver).Contains("again");
            driver.Driver.Commit();
            driver.Outcomes();
            var atOnce = driver.Send("bolts", Hold("c"), commandId: "again");
            driver.Driver.Commit();
            var answer = Assert.Single(atOnce.Concat(driver.Outcomes()));
            return (isRemembered, Answer: OutcomeText.Of(answer));
        }).ToList();

        Assert.Equal([false, true], answers.Select(a => a.isRemembered));
        Assert.Equal(answers[0].Answer, answers[1].Answer);
        Assert.StartsWith("✔ Held", answers[0].Answer, StringComparison.Ordinal);
    }

    private static AllocationCommandBody.Hold Hold(string id) => new() { ReservationId = id, Quantity = 1 };

    /// <summary>Lets time pass, a record say so, and a sweep run.</summary>
    private void Pass(TimeSpan time)
    {
        alloc.Driver.AdvanceWallClock(time);
        alloc.Send("nuts", new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" },
        });
        alloc.Driver.AdvanceWallClock(Forgetting.Interval);
    }

    private List<string> Commands() => Keys<CommandMemory>(AllocationStores.Commands);

    private List<string> Reservations() => Keys<Reservation>(AllocationStores.Reservations);

    private List<string> Keys<TValue>(string store)
        where TValue : class => Keys<TValue>(store, alloc);

    private static List<string> Keys<TValue>(string store, AllocationDriver driver)
        where TValue : class =>
        [.. driver.Driver.GetStore<IKeyValueStore<PoolKey, TValue>>(store).All().Select(e => e.Key.Id).Order()];
}
