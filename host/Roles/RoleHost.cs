using Alloc.Engine.Runtime;
using Alloc.Engine.Topology;
using Alloc.Web.Reads;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Roles;

/// <summary>
/// One application of an instance. What goes wrong here stops it alone: it is logged, counted and said at
/// <c>/readyz</c>, and hinders nobody else.
/// </summary>
internal sealed class RoleHost : IAsyncDisposable
{
    private const int CommitPaceMs = 100;
    private readonly ILogger logger;
    private string? startFailure;

    /// <summary>Prepares it; touches neither Kafka nor the disk.</summary>
    /// <param name="role">What it does.</param>
    /// <param name="topology">How.</param>
    /// <param name="engine">What the authority runs with; it differs in id and pace.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where it tells.</param>
    public RoleHost(
        InstanceRole role, Topology topology, StreamsOptions engine, TimeProvider time, ILoggerFactory loggers)
    {
        Role = role;
        logger = loggers.CreateLogger<RoleHost>();
        Application = new StreamsApplication(topology, EngineOf(role, engine), time, loggers);
        Application.StateChanged += (_, after) =>
        {
            if (after == StreamsState.Error)
            {
                if (role != InstanceRole.Allocation)
                {
                    // Without the one that decides nothing goes on: its failure ends the process, which says it.
                    Log.RoleStopped(
                        logger, InstanceRoles.Word(role), Application.Failure?.Message ?? "no reason was given");
                }
                Stopped?.Invoke();
            }
        };
    }

    /// <summary>Raised when it stopped by a fault.</summary>
    public event Action? Stopped;

    public InstanceRole Role { get; }

    public StreamsApplication Application { get; }

    /// <summary>How the HTTP API sees it.</summary>
    public HostedApplication Hosted => new(InstanceRoles.Word(Role), () => Application, () => startFailure);

    /// <summary>Starts it; a start that fails is told, and kept.</summary>
    /// <param name="isPrimary">The instance is nothing without it: it fails with it.</param>
    /// <param name="cancellation">Ends the start.</param>
    public async Task StartAsync(bool isPrimary, CancellationToken cancellation)
    {
        try
        {
            await Application.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException && !isPrimary)
        {
            startFailure = e.Message;
            Log.RoleStopped(logger, InstanceRoles.Word(Role), e.Message);
        }
    }

    public ValueTask DisposeAsync() => Application.DisposeAsync();

    /// <summary>
    /// Nobody waits for those that do not decide: fewer and larger transactions leave the machine to the decisions.
    /// </summary>
    private static StreamsOptions EngineOf(InstanceRole role, StreamsOptions engine) =>
        role == InstanceRole.Allocation
            ? engine
            : engine with
            {
                ApplicationId = InstanceRoles.IdOf(engine.ApplicationId, role),
                CheckpointDirectory = null,
                CheckpointInterval = null,
                ThreadCount = 1,
                ThreadStarts = StandBack.ForThisThread,
                ProducersPerThread = 1,
                CommitPace = TimeSpan.FromMilliseconds(CommitPaceMs),
                CommitInterval = TimeSpan.FromMilliseconds(2 * CommitPaceMs),
            };
}
