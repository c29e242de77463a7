using System.Diagnostics;
using System.Diagnostics.Metrics;
using Alloc.Engine.Processing;
using Alloc.Host.Roles;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.State;

namespace Alloc.Host.Metrics;

/// <summary>
/// What the ledgers of this instance hold in all, as gauges. Decisions count nothing for it: a thread of its own, which
/// stands back, reads through what is committed, and rests ten times as long as that took.
/// </summary>
internal sealed class CensusMetrics : IDisposable
{
    /// <summary>From the end of one census to the next, at least.</summary>
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(5);

    /// <summary>How much longer it rests than it reads.</summary>
    private const int RestFactor = 10;

    private readonly Meter meter = new("Alloc.Census");
    private readonly CancellationTokenSource stopping = new();
    private readonly Func<int, IStores?> open;
    private readonly int partitionCount;
    private readonly PolicyBook policies;
    private volatile IReadOnlyDictionary<int, LedgerCensus> last = new Dictionary<int, LedgerCensus>();
    private Thread? thread;

    /// <param name="open">The committed stores of a partition that is here and ready, else null.</param>
    /// <param name="partitionCount">How many partitions there are.</param>
    /// <param name="policies">The policies of the ledgers, for this alone.</param>
    public CensusMetrics(Func<int, IStores?> open, int partitionCount, PolicyBook policies)
    {
        this.open = open;
        this.partitionCount = partitionCount;
        this.policies = policies;
        meter.CreateObservableGauge(
            "alloc_holds_active",
            () => last.Select(p => new Measurement<long>(p.Value.Holds, Tag("partition", p.Key))), null,
            "Reservations that have held units, as counted last.");
        meter.CreateObservableGauge(
            "alloc_pool_units",
            () => last.SelectMany(p => p.Value.Units.Select(u => new Measurement<long>(
                u.Units, Tag("partition", p.Key), Tag("bucket", u.Bucket)))), null,
            "Units of all pools by bucket, as counted last: free, held, confirmed, consumed, blocked.");
        meter.CreateObservableGauge(
            "alloc_quota_used",
            () => last.SelectMany(p => p.Value.QuotaUse.Select(q => new Measurement<double>(
                q.Value, Tag("partition", p.Key), Tag("scope_kind", Scopes.NameOf(q.Key))))), "ratio",
            "How much of its quota the fullest scope of a kind has used in any pool, as counted last; 1 is all of it.");
    }

    /// <summary>Counts again and again from now on.</summary>
    public void Start()
    {
        thread = new Thread(Run) { Name = "ledger-census", IsBackground = true };
        thread.Start();
    }

    /// <summary>Counts once.</summary>
    public void Take()
    {
        var before = last;
        var now = new Dictionary<int, LedgerCensus>();
        for (var partition = 0; partition < partitionCount; partition++)
        {
            if (open(partition) is { } stores)
            {
                try
                {
                    now[partition] = LedgerCensus.Take(stores, policies, stopping.Token);
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    // The partition moves away, or two reads saw two commits: no decision stands on it.
                    if (before.TryGetValue(partition, out var kept))
                    {
                        now[partition] = kept;
                    }
                }
            }
        }
        last = now;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Cancel();
        thread?.Join();
        meter.Dispose();
        stopping.Dispose();
    }

    private void Run()
    {
        StandBack.ForThisThread();
        TimeSpan rest;
        do
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                Take();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            rest = Stopwatch.GetElapsedTime(started) * RestFactor;
        }
        while (!stopping.Token.WaitHandle.WaitOne(rest < ShortestRest ? ShortestRest : rest));
    }

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
