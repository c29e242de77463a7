using Alloc.Cli.Demo;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>The demo on a data directory that has seen it before goes on where it left off.</summary>
public sealed class DemoRestartTests
{
    private const string Seats = "seats-A";
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_demo_that_is_started_again_adds_no_supply_and_gives_back_what_the_first_run_left_in_use()
    {
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["dev"], "--demo", "--demo-rate", "100");
        await using var dev = await server.StartAsync();
        using (var client = new CommandClient(deployment))
        {
            var first = await FollowAsync(client, Seats, j => j[^1].Event is AllocationOutcomeEvent.Consumed);
            Assert.Equal(240, -first[^1].BalancesAfter.External);
        }

        dev.Process.Signal(NativeSignal.Terminate);
        await dev.Process.WaitForExitAsync(Proof.Deadline);
        var stoppedAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await dev.StartAsync();

        using var reader = new CommandClient(deployment);
        var all = await FollowAsync(
            reader, Seats, j => j[^1].Event is AllocationOutcomeEvent.Returned && j[^1].TMs > stoppedAtMs
                && Left(j, stoppedAtMs).Count == 0);
        Assert.Equal(240, -all[^1].BalancesAfter.External);
        Assert.Contains(all, o => o.TMs > stoppedAtMs && o.Event is AllocationOutcomeEvent.Held);
        // In the others nobody books but who looks at the demo.
        foreach (var pool in DemoPool.Shop.Where(p => p.Share > 0))
        {
            var nowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            var journal = await FollowAsync(reader, pool.Id, j => j[^1].TMs > nowMs);
            Assert.All(journal, o => Assert.InRange(OnHand(o.BalancesAfter), 0, pool.Supply));
            Assert.Equal(
                [ReasonCode.InsufficientAvailability],
                journal.Select(o => o.Event).OfType<AllocationOutcomeEvent.Rejected>().SelectMany(r => r.Reasons)
                    .Select(r => r.Code).Append(ReasonCode.InsufficientAvailability).Distinct());
        }
    }

    private static long OnHand(Balances balances) =>
        balances.Free + balances.Held + balances.Confirmed + balances.Blocked;

    /// <summary>Reservations that were confirmed before the stop and have not come back.</summary>
    private static HashSet<string> Left(IReadOnlyList<AllocationOutcome> journal, long stoppedAtMs)
    {
        var left = new HashSet<string>();
        foreach (var outcome in journal)
        {
            switch (outcome.Event)
            {
                case AllocationOutcomeEvent.Confirmed confirmed when outcome.TMs <= stoppedAtMs:
                    left.Add(confirmed.ReservationId);
                    break;
                case AllocationOutcomeEvent.Returned returned:
                    left.Remove(returned.ReservationId);
                    break;
            }
        }
        return left;
    }

    /// <summary>The journal of a pool from its beginning until it is as expected.</summary>
    private static Task<List<AllocationOutcome>> FollowAsync(
        CommandClient client, string pool, Func<List<AllocationOutcome>, bool> isExpected) => Task.Run(() =>
    {
        var journal = new List<AllocationOutcome>();
        var started = TimeProvider.System.GetTimestamp();
        foreach (var outcome in client.Journal(CommandClient.PartitionOf(pool), Quiet))
        {
            if (outcome.PoolId == pool)
            {
                journal.Add(outcome);
                if (isExpected(journal))
                {
                    return journal;
                }
            }
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Proof.Deadline,
                $"{pool}: not as expected after {journal.Count} outcomes.");
        }
        throw new TimeoutException($"{pool}: nothing came for {Quiet.TotalSeconds:0} s.");
    });
}
