using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Projection;
using Alloc.Processors.Projection.Scanning;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;
using Alloc.Web.Reads;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Projection;

/// <summary>
/// One generation of the projection: an application with a group, a state directory and changelogs of its own.
/// </summary>
internal sealed class Generation : IAsyncDisposable
{
    private readonly StreamsOptions options;
    private string? startFailure;

    public Generation(
        int number, ProjectionHostOptions host, IDeserializer<AllocationOutcome> outcomes, TimeProvider time,
        ILoggerFactory loggers)
    {
        Number = number;
        options = host.EngineOf(number);
        Application = new StreamsApplication(
            ProjectionTopology.Build(
                new ProjectionOptions
                {
                    OutcomeTopic = host.Allocation.OutcomeTopic,
                    Repairs = Repairs,
                },
                outcomes),
            options, time, loggers);
        Owners = new GroupOwners(() => Application.FindOwners(host.Allocation.OutcomeTopic), time);
        var logger = loggers.CreateLogger<Generation>();
        Application.StateChanged += (_, after) =>
        {
            if (after == StreamsState.Error)
            {
                Log.ProjectionStopped(logger, Failure!);
            }
        };
    }

    public int Number { get; }

    public StreamsApplication Application { get; }

    /// <summary>Knows which instance has which of its partitions.</summary>
    public IPartitionOwners Owners { get; }

    /// <summary>What of it is being built anew.</summary>
    public ScopeRepairs Repairs { get; } = new();

    /// <summary>Why it does not work, or null.</summary>
    public string? Failure => startFailure
        // A thread that gave up says why before it has closed, and the application only then that it stopped.
        ?? Application.Failure?.Message
        ?? (Application.State == StreamsState.Error ? "It stopped." : null)
        ?? Application.Tasks.FirstOrDefault(t => t.IsStopped)?.WaitingFor;

    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await Application.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            startFailure = e.Message;
        }
    }

    public ReservationSearch? Open(int partition) =>
        startFailure is null && Application.QueryStores(ProjectionStores.Reservations, partition) is { } stores
            ? SearchOf(stores)
            : null;

    /// <summary>A partition's part as it was when Kafka was heard last.</summary>
    public (ReservationSearch Search, TimeSpan Age)? OpenLast(int partition) =>
        startFailure is null && Application.QueryLast(ProjectionStores.Reservations, partition) is { } last
            ? (SearchOf(last.Stores), last.Age)
            : null;

    /// <summary>Everything committed of a partition; null when it is not here and ready.</summary>
    public ProjectionReads? Read(int partition) =>
        startFailure is null
        && Application.Query<string, ProjectedPool>(ProjectionStores.Pools, partition) is { } pools
        && Application.Query<PoolKey, ReservationView>(ProjectionStores.Reservations, partition) is { } reservations
        && Application.Query<IndexKey, IndexEntry>(ProjectionStores.Index, partition) is { } index
            ? new ProjectionReads(pools, reservations, index)
            : null;

    /// <summary>Everything committed of a partition at one moment; null when it is not here and ready.</summary>
    public IStateSnapshot? Snapshot(int partition) =>
        startFailure is null ? Application.Snapshot(SearchSide.Stores, partition) : null;

    /// <summary>Its partitions that work, and those of them that are no more records than that behind.</summary>
    public (IReadOnlyList<int> Here, IReadOnlyList<int> CaughtUp) Partitions(long behindAtMost)
    {
        var tasks = startFailure is null ? Application.Tasks.Where(t => !t.IsStopped).ToList() : [];
        return (tasks.ConvertAll(t => t.TaskId.Partition),
            [.. tasks.Where(t => t.LagRecords <= behindAtMost).Select(t => t.TaskId.Partition)]);
    }

    /// <summary>Whether it has a partition, whatever the partition is at.</summary>
    public bool Has(int partition) => Application.Tasks.Any(t => t.TaskId.Partition == partition);

    private static ReservationSearch SearchOf(IStores stores) => new(
        stores.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations),
        stores.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index));

    public ValueTask DisposeAsync() => Application.DisposeAsync();

    /// <summary>Removes its state from this machine; it must be closed.</summary>
    public void Wipe()
    {
        var directory = Path.Combine(options.StateDirectory, options.ApplicationId);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
