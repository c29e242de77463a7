using Alloc.Broker;
using Alloc.Broker.Registry;
using Alloc.Cli.Commands.Servers;
using Alloc.Client;
using Alloc.Host;
using Alloc.Host.Roles;
using Alloc.Web;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Alloc.Tests.Support;

/// <summary>
/// Broker, registry and one instance of the allocation application in the test's own process, on free ports, without a
/// command line.
/// </summary>
internal sealed class OneInstance : IAsyncDisposable
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(120);
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("alloc-instance-");
    private EmbeddedBroker broker = null!;
    private SchemaRegistryServer registry = null!;
    private AllocationHost? host;

    private OneInstance()
    {
    }

    /// <summary>How a client reaches it.</summary>
    public AllocClientOptions Client => new()
    {
        Bootstrap = broker.BootstrapServers,
        Registry = new Uri($"http://127.0.0.1:{registry.Port}"),
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Its HTTP address.</summary>
    public Uri Console => new($"http://127.0.0.1:{host!.ConsolePort}");

    /// <summary>Starts all of it and waits until it decides.</summary>
    public static async Task<OneInstance> StartAsync()
    {
        var instance = new OneInstance();
        try
        {
            await instance.StartServicesAsync();
            instance.host = await instance.StartHostAsync("first", instance.Client);
            using var deadline = new CancellationTokenSource(ReadyDeadline);
            await instance.host.WaitUntilRunningAsync(_ => { }, deadline.Token);
            return instance;
        }
        catch
        {
            await instance.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts broker and registry only.</summary>
    public static async Task<OneInstance> StartServicesOnlyAsync()
    {
        var instance = new OneInstance();
        await instance.StartServicesAsync();
        return instance;
    }

    /// <summary>Where an instance of a name keeps its state.</summary>
    public string StateDirectory(string name) => Path.Combine(directory.FullName, name);

    /// <summary>Starts another instance beside it; the caller's to dispose of.</summary>
    /// <param name="name">Names its state directory.</param>
    /// <param name="client">How it reaches Kafka.</param>
    /// <param name="partitionCount">Partitions that it wants; null: those that there are.</param>
    /// <param name="roles">What it does; null: it decides.</param>
    public Task<AllocationHost> StartHostAsync(
        string name, AllocClientOptions client, int? partitionCount = null, IReadOnlySet<InstanceRole>? roles = null) =>
        AllocationHost.StartAsync(
            new AllocationHostOptions
            {
                Client = client,
                Console = new ConsoleOptions { Port = 0 },
                ApplicationId = "allocation",
                StateDirectory = StateDirectory(name),
                PartitionCount = partitionCount,
                Roles = roles ?? new HashSet<InstanceRole> { InstanceRole.Allocation },
                Compression = CompressionType.None,
            },
            TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (host is not null)
        {
            await host.DisposeAsync();
        }
        if (registry is not null)
        {
            await registry.DisposeAsync();
        }
        if (broker is not null)
        {
            await broker.DisposeAsync();
        }
        directory.Delete(recursive: true);
    }

    private async Task StartServicesAsync()
    {
        broker = await EmbeddedBroker.StartAsync(
            new BrokerOptions { DataDirectory = Path.Combine(directory.FullName, "kafka"), Port = 0 },
            TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        registry = await SchemaRegistryServer.StartAsync(
            new RegistryOptions { DataDirectory = Path.Combine(directory.FullName, "registry"), Port = 0 },
            new AvroSchemaValidator(), NullLoggerFactory.Instance, CancellationToken.None);
    }
}
