using Alloc.Broker;
using Alloc.Broker.Registry;
using Alloc.Client;
using Microsoft.Extensions.Logging;

namespace Alloc.Cli.Commands.Servers;

/// <summary>
/// The embedded broker and schema registry of <c>alloc dev</c>, started in this order and stopped in the other.
/// </summary>
internal sealed class EmbeddedServices : IAsyncDisposable
{
    private EmbeddedServices(EmbeddedBroker broker, SchemaRegistryServer registry)
    {
        Broker = broker;
        Registry = registry;
    }

    public EmbeddedBroker Broker { get; }

    public SchemaRegistryServer Registry { get; }

    public static async Task<EmbeddedServices> StartAsync(
        BrokerOptions brokerOptions, RegistryOptions registryOptions, TimeProvider time, ILoggerFactory loggers,
        CancellationToken cancellation)
    {
        EmbeddedBroker? broker = null;
        try
        {
            broker = await EmbeddedBroker.StartAsync(brokerOptions, time, loggers, cancellation).ConfigureAwait(false);
            var registry = await SchemaRegistryServer.StartAsync(
                registryOptions, new AvroSchemaValidator(), loggers, cancellation)
                .ConfigureAwait(false);
            return new EmbeddedServices(broker, registry);
        }
        catch (BrokerStartException e)
        {
            await StopAsync(broker).ConfigureAwait(false);
            throw AllocException.Failed(e.Message, cause: e);
        }
        catch
        {
            await StopAsync(broker).ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync().ConfigureAwait(false);
        await Broker.DisposeAsync().ConfigureAwait(false);
    }

    private static async ValueTask StopAsync(EmbeddedBroker? broker)
    {
        if (broker is not null)
        {
            await broker.DisposeAsync().ConfigureAwait(false);
        }
    }
}
