using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Projection;
using Alloc.Schemas.Projection;
using Alloc.Web;
using Alloc.Web.Endpoints;
using Alloc.Web.Reads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Alloc.Tests.Support;

/// <summary>
/// An instance's reads over real HTTP, with partitions, owners and their changes as a test sets them.
/// </summary>
internal sealed class GatheringInstance : IAsyncDisposable, IPartitionOwners, IProjection
{
    public const int Partitions = 4;

    private readonly Peers peers = new();
    private ConsoleServer? server;

    /// <summary>Partitions that are here and ready.</summary>
    public HashSet<int> Ready { get; } = [];

    /// <summary>Partitions that were here when Kafka was heard last.</summary>
    public HashSet<int> Last { get; } = [];

    /// <summary>Who this instance thinks has a partition; null for nobody.</summary>
    public Func<int, bool, GatheringInstance?> Owner { get; set; } = (_, _) => null;

    /// <summary>Whether Kafka does not answer.</summary>
    public bool IsKafkaAway { get; set; }

    /// <summary>Happens before a request of another instance is answered.</summary>
    public Action OnAsked { get; set; } = () => { };

    /// <summary>What is answered to other instances instead of the truth; null for the truth.</summary>
    public Func<HttpContext, Task>? Instead { get; set; }

    public Uri Url { get; private set; } = new("http://127.0.0.1:1/");

    int IProjection.PartitionCount => Partitions;

    IPartitionOwners IProjection.Owners => this;

    /// <summary>Two pools of each partition.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Pools { get; } =
    [
        .. Enumerable.Range(0, Partitions).Select(partition => Enumerable.Range(0, int.MaxValue)
            .Select(n => $"pool-{n}").Where(p => PartitionOf(p) == partition).Take(2).ToList()),
    ];

    public static int PartitionOf(string pool) => Murmur2.Partition(Encoding.UTF8.GetBytes(pool), Partitions);

    public async Task<GatheringInstance> StartAsync(CancellationToken cancellation)
    {
        var directory = new LedgerDirectory(
            this, Partitions, p => Ready.Contains(p) ? new ListedLedger(Pools[p]) : null,
            p => Last.Contains(p) && !Ready.Contains(p)
                ? new LastKnownLedger(new ListedLedger(Pools[p]), TimeSpan.FromSeconds(37))
                : null);
        var hypotheses = new Hypotheses(_ => null, new AllocationOptions { PartitionCount = Partitions });
        var listener = ConsoleListener.Bind(new ConsoleOptions { Port = 0 });
        server = await ConsoleServer.StartAsync(
            new ConsoleOptions { Port = listener.Port },
            listener,
            routes =>
            {
                routes.Use(InterveneAsync);
                new LedgerEndpoints(
                    directory, peers, PolicyVersions.Version0, hypotheses.Refusals, TimeProvider.System).Map(routes);
                new SettingsEndpoints(directory, peers).Map(routes);
                new WhyNotEndpoints(directory, peers, hypotheses, TimeProvider.System).Map(routes);
                new DeficitEndpoints(directory, peers, hypotheses).Map(routes);
                new SearchEndpoints(() => this, peers, TimeProvider.System).Map(routes);
            },
            NullLoggerFactory.Instance,
            cancellation);
        Url = new Uri($"http://127.0.0.1:{server.Port}/");
        return this;
    }

    public async Task StopAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
            server = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        peers.Dispose();
    }

    Task<PartitionPlace> IPartitionOwners.FindAsync(int partition, bool isFresh, CancellationToken cancellation)
    {
        var owner = Owner(partition, isFresh);
        return Task.FromResult(new PartitionPlace(
            owner == this ? null : owner?.Url,
            owner is null ? $"Nobody owns partition {partition}." : $"Partition {partition} is at {owner.Url}.",
            !IsKafkaAway));
    }

    Task<(IReadOnlyList<Uri> Others, string? Problem)> IPartitionOwners.OthersAsync(CancellationToken cancellation) =>
        Task.FromResult<(IReadOnlyList<Uri>, string?)>(([], null));

    ReservationSearch? IProjection.Open(int partition) => Ready.Contains(partition) ? Search(partition) : null;

    (ReservationSearch Search, TimeSpan Age)? IProjection.OpenLast(int partition) =>
        Last.Contains(partition) && !Ready.Contains(partition)
            ? (Search(partition), TimeSpan.FromSeconds(37))
            : null;

    ProjectionStatus IProjection.Status() => new(0, "Running", null, [], null, null, []);

    int IProjection.BeginRebuild(int? generation) => 0;

    (string? Id, string? Problem) IProjection.BeginScope(ProjectionScope scope, bool isCheck) => (null, "no");

    (string? Id, string? Problem) IProjection.BeginScan(ProjectionScope scope) => (null, "no");

    private static ReservationSearch Search(int partition)
    {
        var views = Pools[partition].Select(pool => new ReservationView
        {
            PoolId = pool,
            ReservationId = ListedLedger.ReservationId,
            Status = nameof(ReservationStatus.Held),
            Version = 1,
            Held = 1,
            CreatedAtMs = 1,
            OrderRef = "o",
            LastSequence = 1,
            LastEvent = "Held",
            LastAtMs = 1,
        }).ToList();
        return new ReservationSearch(
            new SortedReads<PoolKey, ReservationView>(
                StateKeys.PoolKey, views.Select(v => KeyValuePair.Create(new PoolKey(v.PoolId, v.ReservationId), v))),
            new SortedReads<IndexKey, IndexEntry>(
                IndexKeys.Serde,
                views.SelectMany(IndexKeys.Of).Select(key => KeyValuePair.Create(key, new IndexEntry()))));
    }

    private Task InterveneAsync(HttpContext context, RequestDelegate next)
    {
        if (!Peers.IsForwarded(context.Request))
        {
            return next(context);
        }
        OnAsked();
        return Instead?.Invoke(context) ?? next(context);
    }
}
