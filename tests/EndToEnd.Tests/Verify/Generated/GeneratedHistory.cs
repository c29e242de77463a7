using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Processors.Allocation;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Alloc.Verify;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Verify.Generated;

/// <summary>
/// A generated log, decided by the ledger and read by the checker, record by record: no history is ever in memory as a
/// whole. Time is its own.
/// </summary>
internal sealed class GeneratedHistory : ILedgerView, IDisposable
{
    private const int PartitionCount = 2;
    private const long MemoryMs = 120_000;
    private const long BeginMs = 1_800_000_000_000;
    private readonly TemporaryDirectory directory = new();
    private readonly GeneratedPartition[] partitions;
    private readonly GeneratedLog log;
    private readonly Random restarts;
    private readonly int seed;
    private long nowMs = BeginMs;

    public GeneratedHistory(int seed, Action<ObservedOutcome>? onOutcome = null)
    {
        this.seed = seed;
        restarts = new Random(seed);
        var registry = new InMemorySchemaRegistryClient();
        var records = new CommandRecords(
            AllocationSerdes.ForCommands(registry, GeneratedPartition.Commands), PartitionCount);
        partitions =
        [
            .. Enumerable.Range(0, PartitionCount).Select(p => new GeneratedPartition(
                p, PartitionCount, records, directory[$"journal-{p}"], hasShadow: p == 0, Findings)
            {
                OnOutcome = onOutcome ?? (static _ => { }),
            }),
        ];
        log = new GeneratedLog(seed, PartitionCount, MemoryMs, registry, this);
    }

    public Findings Findings { get; } = new();

    /// <summary>Records that were appended.</summary>
    public long Records { get; private set; }

    public IEnumerable<PartitionCounts> Counts => partitions.Select(p => p.Counts);

    /// <summary>Events, answers and reasons that it led to.</summary>
    public IEnumerable<string> Reached => partitions.SelectMany(p => p.Reached).Distinct(StringComparer.Ordinal);

    /// <summary>Runs until so many records are appended, with restarts in the middle.</summary>
    public GeneratedHistory Run(long count, int restartCount)
    {
        Append(log.Begin(nowMs));
        var forgetAt = count / 3;
        while (Records < count)
        {
            if (Records >= forgetAt)
            {
                forgetAt = long.MaxValue;
                partitions[0].ForgetBeginning(100);
                partitions[1].ForgetBeginning(-100);
            }
            nowMs += log.Pause();
            Append(log.Next(nowMs));
            if (restarts.NextInt64(count) < restartCount)
            {
                partitions[restarts.Next(PartitionCount)].Restart();
            }
        }
        var ends = partitions.Select(p => p.Complete()).ToList();
        TransferCheck.Check([.. ends.Select(e => e.Authority)], GeneratedPartition.Journal, Findings);
        PolicyCheck.Compare(
            [.. ends.Select((e, index) => (index, e.Policies))], GeneratedPartition.Journal, Findings);
        return this;
    }

    /// <summary>Fails with what was found.</summary>
    public void MustBeSound() => Assert.True(
        Findings.Count == 0,
        $"seed {seed}, {Records:N0} records: {Findings.Count:N0} findings, "
        + string.Join(", ", Findings.Counts.Select(c => $"{c.Key} {c.Value}")) + "\n"
        + string.Join('\n', Findings.Kept.Take(40).Select(f => $"{f.Kind} {f.PoolId} {f.At}: {f.Text}"))
        + "\n" + string.Join('\n', partitions.SelectMany(p => p.Accused)));

    public Balances? BalancesOf(string poolId) => Home(poolId).State.GetPool(poolId)?.Balances;

    public long? VersionOf(string poolId, string reservationId) =>
        Home(poolId).State.GetReservation(poolId, reservationId)?.Version;

    public void Dispose()
    {
        foreach (var partition in partitions)
        {
            partition.Dispose();
        }
        directory.Dispose();
    }

    private void Append(IEnumerable<GeneratedRecord> records)
    {
        foreach (var record in records)
        {
            partitions[record.Partition].Append(record, nowMs);
            Records++;
        }
    }

    private GeneratedPartition Home(string poolId) =>
        partitions[Murmur2.Partition(Encoding.UTF8.GetBytes(poolId), PartitionCount)];
}
