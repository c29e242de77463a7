using Alloc.Broker;
using Alloc.Broker.Storage;
using Alloc.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Tests;

/// <summary>A broker on a free port with a directory of its own, which goes when the test ends.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly bool ownsDirectory;

    private TestBroker(EmbeddedBroker broker, BrokerOptions options, bool ownsDirectory)
    {
        Broker = broker;
        Options = options;
        this.ownsDirectory = ownsDirectory;
    }

    public EmbeddedBroker Broker { get; private set; }

    public BrokerOptions Options { get; }

    public string Servers => $"127.0.0.1:{Broker.Port}";

    public static string NewDirectory() => Directory.CreateTempSubdirectory("alloc-broker-").FullName;

    public static Task<TestBroker> StartAsync() => StartAsync(options => options);

    public static async Task<TestBroker> StartAsync(
        Func<BrokerOptions, BrokerOptions> configure, TimeProvider? time = null)
    {
        var options = configure(new BrokerOptions { DataDirectory = "", Port = 0, Durability = DurabilityMode.Os });
        var owns = options.DataDirectory.Length == 0;
        options = owns ? options with { DataDirectory = NewDirectory() } : options;
        return new TestBroker(await StartAsync(options, time), options, owns);
    }

    /// <summary>Makes a topic.</summary>
    public Task CreateTopicAsync(string name, int partitions = 1, Dictionary<string, string>? configs = null) =>
        Broker.Core.Loop.RunAsync(() => Broker.Core.Topics.Create(name, partitions, new TopicConfig(configs ?? [])));

    /// <summary>Runs something on the loop of the broker.</summary>
    public Task<T> OnLoopAsync<T>(Func<T> function) => Broker.Core.Loop.RunAsync(function);

    /// <summary>Stops the broker and starts it again on the same data.</summary>
    /// <param name="time">The new broker's clock.</param>
    /// <remarks>Clients find it again where it was started with a port of <see cref="LeasedPorts"/>.</remarks>
    public async Task RestartAsync(TimeProvider? time = null)
    {
        await Broker.StopAsync();
        Broker = await StartAsync(Options, time);
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        if (ownsDirectory)
        {
            Directory.Delete(Options.DataDirectory, recursive: true);
        }
    }

    private static Task<EmbeddedBroker> StartAsync(BrokerOptions options, TimeProvider? time) =>
        EmbeddedBroker.StartAsync(
            options, time ?? TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
}
