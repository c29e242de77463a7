using System.Globalization;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Bench;

/// <summary>
/// Pools with a waitlist, and what a command costs as open holds and waiters grow: a release that promotes the first in
/// line, a hold that goes to its end, and a hold that is turned away. On one thread; with the state in memory, and in
/// the engine's stores over RocksDB. The last two sizes have as many entries, in many pools and in one.
/// </summary>
internal static class GrowthScenario
{
    private const int RoundLimit = 20_000;
    private const int CommandsPerCommit = 1_000;

    private static readonly Size[] Sizes =
    [
        new(1, 10, 1), new(1, 10, 10), new(1, 1_000, 100), new(1, 10_000, 1_000), new(10_000, 10, 1),
        new(1, 100_000, 10_000),
    ];

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

    private readonly record struct Size(int Pools, int Holds, int Waiters)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Pools:N0} pool{(Pools == 1 ? "" : "s")} of {Holds:N0} open holds, {Waiters:N0} waiters");
    }

    public static void Run(
        BenchReport report, BenchOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var rounds = (int)Math.Min(RoundLimit, options.Count / 10);
        foreach (var isOnDisk in (ReadOnlySpan<bool>)[false, true])
        {
            // The first ones warm up; their figures are not reported.
            MeasureIn(isOnDisk, Sizes[1], rounds, time);
            MeasureIn(isOnDisk, Sizes[2], rounds, time);
            foreach (var size in Sizes)
            {
                cancellation.ThrowIfCancellationRequested();
                var used = MeasureIn(isOnDisk, size, rounds, time);
                report.Add(new Figure(
                    "growth", $"{size}: one command", used.TotalMicroseconds / (3L * rounds), "µs",
                    "processor time of all threads, "
                    + (isOnDisk ? $"stores over RocksDB, {CommandsPerCommit:N0} commands a commit" : "state in memory")
                    + $"; {rounds:N0} × release and promotion, waiting hold, rejected hold; best effort"));
            }
        }
    }

    private static TimeSpan MeasureIn(bool isOnDisk, Size size, int rounds, TimeProvider time)
    {
        if (!isOnDisk)
        {
            return Measure(new InMemoryLedgerState(), size, rounds, record: fold => fold(), time);
        }
        using var stores = new GrowthStores(CommandsPerCommit);
        return Measure(stores.Ledger, size, rounds, stores.Record, time);
    }

    private static TimeSpan Measure(
        ILedgerState state, Size size, int rounds, Action<Action> record, TimeProvider time)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var ledger = new AllocationLedger(state, Policy, partition: 0);
        var outcomes = new List<AllocationOutcome>();
        long offset = 0;
        var open = new Queue<(string Pool, string Id)>();
        var pools = Enumerable.Range(0, size.Pools)
            .Select(number => string.Create(CultureInfo.InvariantCulture, $"growth-{number}")).ToArray();
        foreach (var pool in pools)
        {
            Fold(pool, new AllocationCommandBody.SupplyDelta
            {
                Source = "bench",
                SourceSequence = 1,
                Quantity = size.Holds,
            });
        }
        // By turns, so that the first in line of a pool is the oldest of all.
        for (var index = 0; index < size.Holds; index++)
        {
            Array.ForEach(pools, pool => Enter(pool, HoldMode.AllOrNothing));
        }
        for (var index = 0; index < size.Waiters; index++)
        {
            Array.ForEach(pools, pool => Enter(pool, HoldMode.Waitlist));
        }
        Round(Math.Min(rounds, 1_000));
        var before = Environment.CpuUsage.TotalTime;
        Round(rounds);
        return Environment.CpuUsage.TotalTime - before;

        void Round(int count)
        {
            for (var index = 0; index < count; index++)
            {
                var (pool, id) = open.Dequeue();
                Fold(pool, new AllocationCommandBody.Release { ReservationId = id, Reason = "bench" });
                Enter(pool, HoldMode.Waitlist);
                Fold(pool, new AllocationCommandBody.Hold { ReservationId = NextId(), Quantity = 1 });
            }
        }

        void Enter(string pool, HoldMode mode)
        {
            var id = NextId();
            open.Enqueue((pool, id));
            Fold(pool, new AllocationCommandBody.Hold
            {
                ReservationId = id,
                Quantity = 1,
                TtlMs = 3_600_000,
                Mode = mode,
            });
        }

        string NextId() => string.Create(CultureInfo.InvariantCulture, $"r{offset}");

        void Fold(string pool, AllocationCommandBody body)
        {
            outcomes.Clear();
            var command = new AllocationCommand
            {
                CommandId = string.Create(CultureInfo.InvariantCulture, $"c{offset}"),
                PoolId = pool,
                Actor = new Actor { Type = ActorType.Service, Id = "bench" },
                CorrelationId = "bench",
                IssuedAtMs = now,
                Body = body,
            };
            record(() => ledger.Fold(
                new LedgerRecord("allocation.commands", 0, offset, now + (offset++ / 1_000), pool, 0, command),
                outcomes));
        }
    }
}
