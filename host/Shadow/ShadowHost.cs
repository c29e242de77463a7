using Alloc.Engine.Runtime;
using Alloc.Processors.Allocation;
using Alloc.Processors.Shadow;
using Confluent.SchemaRegistry;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Shadow;

/// <summary>
/// The shadow beside the allocation application: an application with a group and a state directory of its own. What
/// goes wrong here stops the shadow, never decisions.
/// </summary>
internal sealed class ShadowHost : IAsyncDisposable
{
    private const int CommitPaceMs = 100;
    private readonly StreamsApplication application;

    private ShadowHost(StreamsApplication application)
    {
        this.application = application;
    }

    /// <summary>Starts it; a start that fails is told, and hinders nobody else.</summary>
    /// <param name="allocation">The options of the authority.</param>
    /// <param name="outcomeTopic">Where it writes.</param>
    /// <param name="engine">What the authority runs with; the shadow differs in id and pace.</param>
    /// <param name="registry">The schema registry.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where it tells.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<ShadowHost> StartAsync(
        AllocationOptions allocation, string outcomeTopic, StreamsOptions engine, ISchemaRegistryClient registry,
        TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var options = allocation.ForShadow(outcomeTopic);
        var logger = loggers.CreateLogger<ShadowHost>();
        var application = new StreamsApplication(
            ShadowTopology.Build(options, new AllocationSerdes(registry, options)), EngineOf(engine), time, loggers);
        application.StateChanged += (_, after) =>
        {
            if (after == StreamsState.Error)
            {
                Log.ShadowStopped(logger, application.Failure?.Message ?? "no reason was given");
            }
        };
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.ShadowStopped(logger, e.Message);
        }
        return new ShadowHost(application);
    }

    public ValueTask DisposeAsync() => application.DisposeAsync();

    /// <summary>Nobody waits for it: fewer and larger transactions leave the machine to the decisions.</summary>
    private static StreamsOptions EngineOf(StreamsOptions engine) => engine with
    {
        ApplicationId = $"{engine.ApplicationId}-shadow",
        CheckpointDirectory = null,
        CheckpointInterval = null,
        ThreadCount = 1,
        ProducersPerThread = 1,
        CommitPace = TimeSpan.FromMilliseconds(CommitPaceMs),
        CommitInterval = TimeSpan.FromMilliseconds(2 * CommitPaceMs),
    };
}
