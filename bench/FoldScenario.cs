using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Bench;

/// <summary>The ledger alone, on one thread and in memory: no Kafka, no RocksDB, no codec.</summary>
internal static class FoldScenario
{
    public const string PerCommand = "fold one command";
    private const string Topic = "allocation.commands";

    public static void Run(BenchReport report, BenchOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var mix = new CommandMix(options.Mix);
        var ledger = new AllocationLedger(new InMemoryLedgerState(), PolicyVersions.Version0, partition: 0);
        var outcomes = new List<AllocationOutcome>();
        long offset = 0;
        foreach (var command in mix.Opening(now))
        {
            Fold(command);
        }
        // The commands are made before the clock runs; in slices, so that millions of them need not be in memory.
        var slice = new AllocationCommand[(int)Math.Min(options.Count, 100_000)];
        var elapsed = TimeSpan.Zero;
        long folded = 0, made = 0;
        while (folded < options.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < slice.Length; i++)
            {
                slice[i] = mix.Next(now, out _);
            }
            var startedAt = time.GetTimestamp();
            foreach (var command in slice)
            {
                made += Fold(command);
            }
            elapsed += time.GetElapsedTime(startedAt);
            folded += slice.Length;
        }
        var settings = $"{folded:N0} commands, {options.PoolCount:N0} pools Zipf 0.8, one partition, one thread, "
            + $"{made:N0} outcomes";
        report.Add(new Figure("fold", PerCommand, elapsed.TotalMicroseconds / folded, "µs", settings));
        report.Add(new Figure("fold", "commands folded a second", folded / elapsed.TotalSeconds, "/s", settings));

        int Fold(AllocationCommand command)
        {
            outcomes.Clear();
            ledger.Fold(
                new LedgerRecord(Topic, 0, offset++, now + (offset / 100), command.PoolId, 0, command), outcomes);
            return outcomes.Count;
        }
    }
}
