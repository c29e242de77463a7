using System.Globalization;
using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Host.Projection.Scanning;
using Alloc.Processors.Projection;
using Alloc.Schemas.Allocation;
using Alloc.Web.Reads;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Projection;

/// <summary>
/// The search projection beside the allocation application. It answers from one generation, and can build another one
/// from the beginning of the journal, which takes over when the whole cluster has caught up. What goes wrong here stops
/// searches, never decisions.
/// </summary>
internal sealed class ProjectionHost : IProjection, IAsyncDisposable
{
    private const int Ways = 2;
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private readonly ProjectionHostOptions options;
    private readonly IDeserializer<AllocationOutcome> outcomes;
    private readonly TimeProvider time;
    private readonly ILoggerFactory loggers;
    private readonly ILogger logger;
    private readonly GenerationLog log;
    private readonly ProjectionMetrics metrics;
    private readonly SearchScans scans;
    private readonly RebuildRequests requests;
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private Generation current;
    private Generation? next;
    private Generation? before;
    private ProjectionRebuild? rebuild;
    private ScopeRebuild? scoped;
    private Task scopedWork = Task.CompletedTask;
    private Task work = Task.CompletedTask;

    private ProjectionHost(
        ProjectionHostOptions options, GenerationLog log, int generation, IDeserializer<AllocationOutcome> outcomes,
        TimeProvider time, ILoggerFactory loggers)
    {
        this.options = options;
        this.outcomes = outcomes;
        this.time = time;
        this.loggers = loggers;
        logger = loggers.CreateLogger<ProjectionHost>();
        this.log = log;
        current = Make(generation);
        scans = new SearchScans(
            options.Scanning, Current, log, options.Allocation.OutcomeTopic, outcomes, time,
            loggers.CreateLogger<SearchScans>());
        requests = new RebuildRequests(
            options.Client, options.Registry, options.RequestTopic,
            new RebuildWork(
                Has, scope => BeginScope(scope, isCheck: false), () => Status().Scope, scope => scans.Begin(scope)),
            time, loggers.CreateLogger<RebuildRequests>());
        metrics = new ProjectionMetrics(Status);
    }

    public int PartitionCount => options.Allocation.PartitionCount;

    public IPartitionOwners Owners => current.Owners;

    /// <summary>The application that answers.</summary>
    public StreamsApplication Application
    {
        get
        {
            lock (gate)
            {
                return current.Application;
            }
        }
    }

    /// <summary>Starts it; a start that fails is told where it is asked for, and hinders nobody else.</summary>
    public static async Task<ProjectionHost> StartAsync(
        ProjectionHostOptions options, IDeserializer<AllocationOutcome> outcomes, TimeProvider time,
        ILoggerFactory loggers, BrokerWait broker, CancellationToken cancellation)
    {
        var log = new GenerationLog(options);
        var newest = await broker.UntilAnsweredAsync(
            "which generation of the search projection is at work", () => log.Newest(Kept(options)), cancellation)
            .ConfigureAwait(false);
        var host = await BlockingWork.Run(
            () => new ProjectionHost(options, log, newest, outcomes, time, loggers), cancellation)
            .ConfigureAwait(false);
        if (Directory.Exists(options.ScratchDirectory))
        {
            // Of a process that was killed while it built a scope anew.
            Directory.Delete(options.ScratchDirectory, recursive: true);
        }
        await host.current.StartAsync(cancellation).ConfigureAwait(false);
        host.Keep(host.current.Number);
        host.scans.Start();
        host.requests.Start();
        return host;
    }

    public ReservationSearch? Open(int partition)
    {
        Generation? first, second, third;
        lock (gate)
        {
            (first, second, third) = (current, next, before);
        }
        return first.Open(partition) ?? (rebuild?.Failure is null ? second?.Open(partition) : null)
            ?? third?.Open(partition);
    }

    public (ReservationSearch Search, TimeSpan Age)? OpenLast(int partition)
    {
        Generation generation;
        lock (gate)
        {
            generation = current;
        }
        return generation.OpenLast(partition);
    }

    public ProjectionStatus Status()
    {
        lock (gate)
        {
            var application = current.Application;
            return new ProjectionStatus(
                current.Number,
                current.Failure is null ? application.State.ToString() : nameof(StreamsState.Error),
                current.Failure,
                [.. application.Tasks.Select(t => new ProjectedPartition(t.TaskId.Partition, t.LagRecords, t.Lag))],
                rebuild, scoped?.Status, scans.Statuses);
        }
    }

    public int BeginRebuild(int? generation)
    {
        lock (gate)
        {
            if (next is not null)
            {
                return next.Number;
            }
            var number = generation ?? 1 + Math.Max(current.Number, log.Highest());
            if (number <= current.Number)
            {
                return current.Number;
            }
            next = Make(number);
            rebuild = new ProjectionRebuild(number, 0, 0, null);
            Log.RebuildBegins(logger, number);
            var (building, earlier) = (next, work);
            work = Task.Run(async () =>
            {
                await earlier.ConfigureAwait(false);
                await RebuildAsync(building, ending.Token).ConfigureAwait(false);
            });
            return number;
        }
    }

    public (string? Id, string? Problem) BeginScope(ProjectionScope scope, bool isCheck)
    {
        lock (gate)
        {
            if (next is not null)
            {
                return (null, $"Generation {next.Number} is being built; it replaces every entry.");
            }
            if (scoped?.Status is { IsUnderWay: true } other)
            {
                return (null, $"{other.Scope} is being built anew at this instance; one at a time.");
            }
            var id = $"{Guid.CreateVersion7(time.GetUtcNow()):N}";
            var repair = new ScopeRepair(scope, isCheck);
            var stopped = current.Failure is null ? null : current;
            if (stopped is not null)
            {
                // It stands at an outcome that does not follow on; started again it waits there for the scope.
                current = Make(stopped.Number);
            }
            var generation = current;
            scoped = new ScopeRebuild(
                id, repair, isCheck, generation, log, options.ScratchDirectory, outcomes, time);
            generation.Repairs.Begin(repair);
            var running = scoped;
            scopedWork = Task.Run(() => RunScopeAsync(running, generation, stopped, ending.Token));
            return (id, null);
        }
    }

    public (string? Id, string? Problem) BeginScan(ProjectionScope scope) => scans.Begin(scope);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        // Both may wait for Kafka.
        await BlockingWork.Run(() =>
        {
            requests.Dispose();
            scans.Dispose();
        }).ConfigureAwait(false);
        await work.ConfigureAwait(false);
        await scopedWork.ConfigureAwait(false);
        foreach (var generation in new[] { before, next, current })
        {
            if (generation is not null)
            {
                await generation.DisposeAsync().ConfigureAwait(false);
            }
        }
        metrics.Dispose();
        ending.Dispose();
    }

    private async Task RunScopeAsync(
        ScopeRebuild running, Generation generation, Generation? stopped, CancellationToken cancellation)
    {
        var status = running.Status;
        Log.ScopeBegins(logger, status.Scope, generation.Number);
        try
        {
            if (stopped is not null)
            {
                await stopped.DisposeAsync().ConfigureAwait(false);
                await generation.StartAsync(cancellation).ConfigureAwait(false);
            }
            await UntilReadyAsync(generation, status.Partition, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
        await running.RunAsync(cancellation).ConfigureAwait(false);
        Log.ScopeEnds(
            logger, status.Scope, running.Status.Phase.ToString(), running.Status.Findings?.Total ?? 0,
            running.Status.Failure ?? "");
    }

    /// <summary>Until a generation that was started again has the partition, or will not get it.</summary>
    private async Task UntilReadyAsync(Generation generation, int partition, CancellationToken cancellation)
    {
        using var poll = new PeriodicTimer(Look, time);
        var started = time.GetTimestamp();
        while (generation.Failure is null && generation.Read(partition) is null
            && time.GetElapsedTime(started) < ReadyPatience)
        {
            await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    private async Task RebuildAsync(Generation building, CancellationToken cancellation)
    {
        try
        {
            await building.StartAsync(cancellation).ConfigureAwait(false);
            using var poll = new PeriodicTimer(Look, time);
            // First to where the journal ended when this began, then to where it had come meanwhile: what is left
            // is what came during the second, shorter way.
            for (var way = 0; way < Ways; way++)
            {
                var targets = log.Ends();
                while (!HasReached(building, targets))
                {
                    await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
                }
            }
            Switch(building);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            await AbandonAsync(building, e.Message).ConfigureAwait(false);
            return;
        }
        // It answers now: whatever becomes of the one before, it is not given up.
        await RetireAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether every partition of the cluster has come so far, by the group's own account.</summary>
    private bool HasReached(Generation building, IReadOnlyList<long> targets)
    {
        if (building.Failure is { } failure)
        {
            throw new StreamsException(failure);
        }
        var (folded, total, behind) = log.Progress(building.Number, targets);
        lock (gate)
        {
            rebuild = new ProjectionRebuild(building.Number, folded, total, null);
        }
        return behind == 0 && building.Application.State == StreamsState.Running;
    }

    /// <summary>The last thing that can fail comes before the switch.</summary>
    private void Switch(Generation building)
    {
        Keep(building.Number);
        lock (gate)
        {
            before = current;
            current = building;
            next = null;
            rebuild = null;
        }
        Log.RebuildEnds(logger, building.Number);
    }

    private async Task RetireAsync(CancellationToken cancellation)
    {
        var old = before!;
        var isClosed = false;
        await new Retirement(time, (step, reason) => Log.RetirementFails(logger, old.Number, step, reason)).RunAsync(
            [
                new("closing it", ProjectionHostOptions.Grace, async () =>
                {
                    await CloseAsync(old).ConfigureAwait(false);
                    isClosed = true;
                }),
                // Files that are still open stay where they are.
                new("removing its state", TimeSpan.Zero, () => isClosed
                    ? BlockingWork.Run(old.Wipe, cancellation)
                    : Task.CompletedTask),
                // A static member keeps its place until its session ends.
                new("removing its changelogs", options.Engine.SessionTimeout + ProjectionHostOptions.Grace,
                    () => log.ForgetBelowAsync(current.Number)),
            ],
            cancellation).ConfigureAwait(false);
    }

    private async Task CloseAsync(Generation old)
    {
        try
        {
            await old.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            lock (gate)
            {
                before = null;
            }
        }
    }

    private async Task AbandonAsync(Generation building, string reason)
    {
        Log.RebuildFails(logger, building.Number, reason);
        await building.DisposeAsync().ConfigureAwait(false);
        lock (gate)
        {
            if (next == building)
            {
                next = null;
                rebuild = (rebuild ?? new ProjectionRebuild(building.Number, 0, 0, null)) with { Failure = reason };
                building.Wipe();
            }
        }
    }

    private Generation Current()
    {
        lock (gate)
        {
            return current;
        }
    }

    // One that stopped is started again for it, as when a person asks.
    private bool Has(int partition) => Current().Has(partition);

    private Generation Make(int number) => new(number, options, outcomes, time, loggers);

    private static int Kept(ProjectionHostOptions options) => File.Exists(options.GenerationFile)
        && int.TryParse(File.ReadAllText(options.GenerationFile), CultureInfo.InvariantCulture, out var kept)
            ? kept
            : 0;

    private void Keep(int number)
    {
        Directory.CreateDirectory(options.Engine.StateDirectory);
        File.WriteAllText(options.GenerationFile, number.ToString(CultureInfo.InvariantCulture));
    }
}
