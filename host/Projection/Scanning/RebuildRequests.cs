using Alloc.Client;
using Alloc.Processors.Projection;
using Alloc.Schemas.Projection;
using Alloc.Web.Reads;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Projection.Scanning;

/// <summary>What is done about requests at an instance.</summary>
/// <param name="Has">Whether the instance has a partition.</param>
/// <param name="Begin">Begins to build a scope anew; the rebuild's id, or why it cannot begin.</param>
/// <param name="Rebuild">The rebuild that is under way, or that was last.</param>
/// <param name="Scan">Has a scope compared with the ledger.</param>
internal sealed record RebuildWork(
    Func<int, bool> Has, Func<ProjectionScope, (string? Id, string? Problem)> Begin,
    Func<ProjectionScopeRebuild?> Rebuild, Action<ProjectionScope> Scan);

/// <summary>
/// Builds anew what reconciliation asks for, where this instance has it, and has it compared again: what came of it is
/// said by the comparison alone. Every instance reads all requests; one for a partition that nobody has just now waits
/// until somebody does, or until reconciliation has given it up.
/// </summary>
internal sealed class RebuildRequests : IDisposable
{
    /// <summary>After so long reconciliation has another attempt under way, or a person looks at it.</summary>
    public static readonly TimeSpan Awaited = TimeSpan.FromMinutes(5);

    /// <summary>Requests that wait here: more than reconciliation sends in that time, of all classes.</summary>
    private const int MostWaiting = 10_000;

    private static readonly TimeSpan FetchWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private readonly Lock gate = new();
    private readonly Queue<Waiting> waiting = new();
    private readonly Dictionary<ProjectionScope, long> built = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly TopicFollower<RebuildRequest> follower;
    private readonly RebuildWork work;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Thread thread;

    /// <param name="settings">How Kafka is reached.</param>
    /// <param name="registry">The schema registry.</param>
    /// <param name="topic">The topic of requests.</param>
    /// <param name="work">What is done about them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public RebuildRequests(
        AllocClientOptions settings, ISchemaRegistryClient registry, string topic, RebuildWork work, TimeProvider time,
        ILogger logger)
    {
        this.work = work;
        this.time = time;
        this.logger = logger;
        follower = new TopicFollower<RebuildRequest>(
            settings, registry, topic, Offset.Beginning, FetchWait, Take);
        thread = new Thread(Run) { Name = "search-rebuilds", IsBackground = true };
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Reads requests from now on.</summary>
    public void Start()
    {
        follower.Start();
        thread.Start();
    }

    public void Dispose()
    {
        stopping.Cancel();
        if (thread.IsAlive)
        {
            thread.Join();
        }
        follower.Dispose();
        stopping.Dispose();
    }

    /// <summary>A request was read.</summary>
    private void Take(RebuildRequest request, long atMs)
    {
        lock (gate)
        {
            if (IsAwaited(atMs) && waiting.Count < MostWaiting
                && !waiting.Any(w => w.Request.RequestId == request.RequestId))
            {
                waiting.Enqueue(new Waiting(request, atMs));
            }
        }
    }

    private void Run()
    {
        while (!stopping.Token.WaitHandle.WaitOne(Look))
        {
            int count;
            lock (gate)
            {
                count = waiting.Count;
            }
            for (; count > 0 && !stopping.IsCancellationRequested; count--)
            {
                Waiting next;
                lock (gate)
                {
                    next = waiting.Dequeue();
                }
                if (!IsDealtWithOrFails(next))
                {
                    lock (gate)
                    {
                        waiting.Enqueue(next);
                    }
                }
            }
        }
    }

    // One that fails is over: reconciliation finds the difference unproven, and asks again.
    private bool IsDealtWithOrFails(Waiting next)
    {
        try
        {
            return IsDealtWith(next);
        }
        catch (Exception error)
        {
            Log.RebuildNotBegun(
                logger, $"partition/{next.Request.Partition}", next.Request.MismatchId, error.Message);
            return true;
        }
    }

    /// <summary>False: it is looked at again.</summary>
    private bool IsDealtWith(Waiting next)
    {
        var scope = new ProjectionScope(next.Request.Partition, next.Request.PoolId);
        if (!IsAwaited(next.AtMs) || IsBuiltSince(scope, next.AtMs))
        {
            return true;
        }
        if (!work.Has(scope.Partition))
        {
            return false;
        }
        var begunAtMs = NowMs;
        var (id, problem) = work.Begin(scope);
        if (id is null)
        {
            // Another one is under way, or a whole generation: it comes after it, or that has done it.
            if (next.Problem != problem)
            {
                Log.RebuildNotBegun(logger, scope.ToString(), next.Request.MismatchId, problem!);
                next.Problem = problem;
            }
            return false;
        }
        Log.RebuildWanted(logger, scope.ToString(), next.Request.MismatchId);
        while (work.Rebuild() is { IsUnderWay: true } under && under.Id == id)
        {
            if (stopping.Token.WaitHandle.WaitOne(Look))
            {
                return true;
            }
        }
        if (work.Rebuild() is { Phase: ScopePhase.Done } done && done.Id == id)
        {
            built[scope] = begunAtMs;
        }
        work.Scan(scope);
        return true;
    }

    private bool IsAwaited(long atMs) => NowMs - atMs < Awaited.TotalMilliseconds;

    // Many mismatches of one pool ask for the same.
    private bool IsBuiltSince(ProjectionScope scope, long atMs) =>
        (built.TryGetValue(scope, out var ofScope) && ofScope >= atMs)
        || (built.TryGetValue(scope with { PoolId = null }, out var ofAll) && ofAll >= atMs);

    private sealed class Waiting(RebuildRequest request, long atMs)
    {
        public RebuildRequest Request => request;

        public long AtMs => atMs;

        public string? Problem { get; set; }
    }
}
