using System.Globalization;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Bench;

/// <summary>
/// One pool with a waitlist, and what a command costs as open holds and waiters grow: a release that promotes the first
/// in line, a hold that goes to its end, and a hold that is turned away. In memory, on one thread.
/// </summary>
internal static class GrowthScenario
{
    private const string Pool = "growth";
    private const int Rounds = 3_000;
    private static readonly (int Holds, int Waiters)[] Sizes =
        [(10, 1), (10, 10), (1_000, 100), (10_000, 1_000), (100_000, 10_000)];

    private static readonly AllocationPolicy Policy = PolicyVersions.Version0 with
    {
        Limits = PolicyVersions.Version0.Limits with { MaximumQuantity = long.MaxValue },
        WaitlistTable =
        [
            new WaitlistRow(
                "growth/wait", PoolPattern.All, WaitlistOrder.BestEffort, [], OfferTtlMs: 3_600_000,
                MaximumWaitMs: 86_400_000, MaximumWaiters: int.MaxValue),
        ],
    };

    public static void Run(BenchReport report, TimeProvider time, CancellationToken cancellation)
    {
        // The first one warms up; its figure is not reported.
        Measure(10, 10, time);
        Measure(1_000, 100, time);
        foreach (var (holds, waiters) in Sizes)
        {
            cancellation.ThrowIfCancellationRequested();
            var elapsed = Measure(holds, waiters, time);
            report.Add(new Figure(
                "growth", $"{holds:N0} open holds, {waiters:N0} waiters: one command",
                elapsed.TotalMicroseconds / (3L * Rounds), "µs",
                $"one pool, best effort, {Rounds:N0} × release and promotion, waiting hold, rejected hold"));
        }
    }

    private static TimeSpan Measure(int holds, int waiters, TimeProvider time)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var ledger = new AllocationLedger(new InMemoryLedgerState(), Policy, partition: 0);
        var outcomes = new List<AllocationOutcome>();
        long offset = 0;
        var open = new Queue<string>();
        Fold(new AllocationCommandBody.SupplyDelta { Source = "bench", SourceSequence = 1, Quantity = holds });
        for (var index = 0; index < holds; index++)
        {
            Enter(HoldMode.AllOrNothing);
        }
        for (var index = 0; index < waiters; index++)
        {
            Enter(HoldMode.Waitlist);
        }
        Round(Math.Min(Rounds, 1_000));
        var startedAt = time.GetTimestamp();
        Round(Rounds);
        return time.GetElapsedTime(startedAt);

        void Round(int count)
        {
            for (var index = 0; index < count; index++)
            {
                Fold(new AllocationCommandBody.Release { ReservationId = open.Dequeue(), Reason = "bench" });
                Enter(HoldMode.Waitlist);
                Fold(new AllocationCommandBody.Hold { ReservationId = NextId(), Quantity = 1 });
            }
        }

        void Enter(HoldMode mode)
        {
            var id = NextId();
            open.Enqueue(id);
            Fold(new AllocationCommandBody.Hold { ReservationId = id, Quantity = 1, TtlMs = 3_600_000, Mode = mode });
        }

        string NextId() => string.Create(CultureInfo.InvariantCulture, $"r{offset}");

        void Fold(AllocationCommandBody body)
        {
            outcomes.Clear();
            var command = new AllocationCommand
            {
                CommandId = string.Create(CultureInfo.InvariantCulture, $"c{offset}"),
                PoolId = Pool,
                Actor = new Actor { Type = ActorType.Service, Id = "bench" },
                CorrelationId = "bench",
                IssuedAtMs = now,
                Body = body,
            };
            ledger.Fold(
                new LedgerRecord("allocation.commands", 0, offset, now + (offset++ / 1_000), Pool, 0, command),
                outcomes);
        }
    }
}
