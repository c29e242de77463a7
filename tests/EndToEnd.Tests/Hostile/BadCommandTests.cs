using System.Text;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Hostile;

/// <summary>Commands that ask for the impossible are rejected with a reason and leave the ledger as it was.</summary>
public sealed class BadCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly long Year1970 = 1_000;
    private static readonly long Year9999 = new DateTimeOffset(9999, 12, 31, 0, 0, 0, TimeSpan.Zero)
        .ToUnixTimeMilliseconds();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public async Task A_quantity_below_one_is_malformed(long quantity)
    {
        var pool = $"quantity-{quantity}";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(pool, 10);

        var outcome = await client.AskAsync(CommandClient.Command(
            $"{pool}-hold", pool, CommandClient.Hold("r", quantity)));

        ExpectRejected(outcome, ReasonCode.Malformed);
    }

    [Fact]
    public async Task The_greatest_quantity_is_rejected_and_moves_nothing()
    {
        const string Pool = "greatest";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 10);

        var outcome = await client.AskAsync(CommandClient.Command(
            "greatest-hold", Pool, CommandClient.Hold("r", long.MaxValue)));

        ExpectRejected(outcome);
    }

    [Fact]
    public async Task Lines_whose_sum_overflows_are_rejected_and_move_nothing()
    {
        const string Pool = "overflow";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 10);

        var outcome = await client.AskAsync(CommandClient.Command("overflow-hold", Pool, new AllocationCommandBody.Hold
        {
            Lines =
            [
                new HoldLine { ReservationId = "a", Quantity = long.MaxValue },
                new HoldLine { ReservationId = "b", Quantity = long.MaxValue },
                new HoldLine { ReservationId = "c", Quantity = 2 },
            ],
        }));

        ExpectRejected(outcome);
    }

    [Fact]
    public async Task Supply_that_overflows_is_refused_and_the_pool_goes_on()
    {
        const string Pool = "oversupply";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 10);

        var at = await client.SendAsync(CommandClient.Command(
            "oversupply-delta", Pool, new AllocationCommandBody.SupplyDelta
            {
                Source = "test",
                SourceSequence = 1,
                Quantity = long.MaxValue,
            }));
        var next = await client.AskAsync(CommandClient.Command("oversupply-hold", Pool, CommandClient.Hold("r", 1)));

        Assert.True(at.Offset.Value >= 0);
        Assert.Equal(10, next.BalancesAfter.Free + next.BalancesAfter.Held);
    }

    [Fact]
    public async Task A_command_issued_in_1970_is_too_old()
    {
        const string Pool = "issued-1970";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 10);

        var outcome = await client.AskAsync(
            CommandClient.Command("issued-1970", Pool, CommandClient.Hold("r", 1)) with { IssuedAtMs = Year1970 });

        ExpectRejected(outcome, ReasonCode.TooOld);
    }

    [Fact]
    public async Task A_deadline_in_1970_is_exceeded()
    {
        const string Pool = "deadline-1970";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 10);

        var outcome = await client.AskAsync(
            CommandClient.Command("deadline-1970", Pool, CommandClient.Hold("r", 1)) with { DeadlineMs = Year1970 });

        ExpectRejected(outcome, ReasonCode.DeadlineExceeded);
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(9999)]
    public async Task A_producers_timestamp_does_not_move_the_logs_clock(int year)
    {
        var pool = $"stamped-{year}";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(pool, 10);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

        var at = await client.WriteAsync(
            Encoding.UTF8.GetBytes(pool),
            client.Encode(CommandClient.Command($"{pool}-hold", pool, CommandClient.Hold("r", 1))),
            CommandClient.PartitionOf(pool),
            new Timestamp(year == 1970 ? Year1970 : Year9999, TimestampType.CreateTime));
        var outcome = await client.AnswerAsync(at);

        Assert.InRange(outcome.TMs, now - 60_000, now + 60_000);
        Assert.IsType<AllocationOutcomeEvent.Held>(outcome.Event);
    }

    [Fact]
    public async Task The_same_id_with_another_body_is_a_conflict_and_the_first_decision_stands()
    {
        const string Pool = "conflict";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 10);

        await client.AskAsync(CommandClient.Command("conflict-1", Pool, CommandClient.Hold("r", 1)));
        var other = await client.AskAsync(CommandClient.Command("conflict-1", Pool, CommandClient.Hold("r", 2)));
        var again = await client.AskAsync(CommandClient.Command("conflict-1", Pool, CommandClient.Hold("r", 1)));

        ExpectRejected(other, ReasonCode.IdempotencyConflict);
        Assert.NotNull(again.DuplicateOf);
        Assert.IsType<AllocationOutcomeEvent.Held>(again.Event);
        Assert.Equal(9, again.BalancesAfter.Free);
    }

    [Fact]
    public async Task A_hold_on_a_pool_that_nobody_configured_is_rejected()
    {
        using var client = new CommandClient(dev.Deployment);

        var outcome = await client.AskAsync(CommandClient.Command(
            "nowhere", "no-such-pool", CommandClient.Hold("r", 1)));

        ExpectRejected(outcome, ReasonCode.UnknownPool);
    }

    private static void ExpectRejected(AllocationOutcome outcome, ReasonCode? reason = null)
    {
        var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(outcome.Event);
        Assert.Equal(outcome.BalancesBefore, outcome.BalancesAfter);
        Assert.Empty(outcome.Entries);
        if (reason is { } expected)
        {
            Assert.Contains(rejected.Reasons, r => r.Code == expected);
        }
    }
}
