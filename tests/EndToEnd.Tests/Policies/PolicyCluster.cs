using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Policies;

/// <summary>A broker, and an engine in a process of its own that tests may kill.</summary>
public abstract class PolicyCluster : IAsyncLifetime
{
    private readonly int consolePort = AllocProcess.FreePort();
    private Server? broker;

    internal TemporaryDirectory Directory { get; } = new();

    internal Deployment Deployment { get; private set; } = new("", "");

    internal Server Engine { get; private set; } = null!;

    /// <summary>Skips a test where this cluster cannot be had.</summary>
    internal virtual void SkipUnlessPresent()
    {
    }

    internal InstanceConsole Console() => new(consolePort);

    public async ValueTask InitializeAsync()
    {
        if (!IsPresent)
        {
            return;
        }
        (broker, var embedded) = Servers.Broker(Directory["broker"]);
        await broker.StartAsync();
        Deployment = await DeployAsync(embedded);
        Engine = await Servers.Engine(Deployment, Directory["engine"], consolePort).StartAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
        if (broker is not null)
        {
            await broker.DisposeAsync();
        }
        Directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected virtual bool IsPresent => true;

    /// <summary>Where the engine finds brokers and registry.</summary>
    private protected abstract Task<Deployment> DeployAsync(Deployment embedded);
}

/// <summary>On the embedded broker.</summary>
public sealed class EmbeddedPolicyCluster : PolicyCluster
{
    private protected override Task<Deployment> DeployAsync(Deployment embedded) => Task.FromResult(embedded);
}

/// <summary>On Apache Kafka, with the embedded registry.</summary>
public sealed class ApachePolicyCluster : PolicyCluster
{
    private ApacheKafka? kafka;

    internal override void SkipUnlessPresent() => ApacheKafka.SkipUnlessPresent();

    public override async ValueTask DisposeAsync()
    {
        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
        if (kafka is not null)
        {
            await kafka.DisposeAsync();
        }
        await base.DisposeAsync();
    }

    private protected override bool IsPresent => ApacheKafka.Home is not null;

    private protected override async Task<Deployment> DeployAsync(Deployment embedded)
    {
        kafka = await ApacheKafka.StartAsync(Directory["kafka"]);
        return embedded with { Bootstrap = kafka.Bootstrap };
    }
}
