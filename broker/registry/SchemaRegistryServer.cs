using System.Net;
using Alloc.Broker.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Alloc.Broker.Registry;

/// <summary>
/// A schema registry in this process, with the HTTP interface that clients of Confluent's know. Made for one machine:
/// it listens on loopback only. What was answered survives the process.
/// </summary>
public sealed class SchemaRegistryServer : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly RegistryStore store;
    private int isStopped;

    private SchemaRegistryServer(WebApplication application, RegistryStore store, int port)
    {
        this.application = application;
        this.store = store;
        Port = port;
    }

    /// <summary>The TCP port that the registry listens on.</summary>
    public int Port { get; }

    /// <summary>Opens the data directory and listens.</summary>
    /// <param name="options">Where.</param>
    /// <param name="validator">What knows schemas.</param>
    /// <param name="loggers">Makes the registry's logger.</param>
    /// <param name="cancellationToken">Gives up before listening.</param>
    /// <exception cref="BrokerStartException">
    /// The directory or the port is in use, or the stored schemas are damaged; the message names the remedy.
    /// </exception>
    public static Task<SchemaRegistryServer> StartAsync(
        RegistryOptions options, ISchemaValidator validator, ILoggerFactory loggers,
        CancellationToken cancellationToken = default) =>
        StartAsync(options, validator, loggers, new Disk(), cancellationToken);

    internal static async Task<SchemaRegistryServer> StartAsync(
        RegistryOptions options, ISchemaValidator validator, ILoggerFactory loggers, Disk disk,
        CancellationToken cancellationToken)
    {
        var address = ListenAddress(options);
        var store = RegistryStore.Open(options.DataDirectory, disk);
        WebApplication? application = null;
        try
        {
            application = Build(options, address, loggers);
            var logger = loggers.CreateLogger("Alloc.Broker.Registry");
            application.Use((http, next) => HandleErrorsAsync(http, next, logger));
            application.UseRouting();
            RegistryRoutes.Map(application, new SchemaRegistry(store, validator, options.MaximumSchemaCount));
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
            var port = PortOf(application);
            Log.RegistryListening(logger, address.ToString(), port, store.State.Subjects.Count);
            return new SchemaRegistryServer(application, store, port);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await application!.DisposeAsync().ConfigureAwait(false);
            store.Dispose();
            throw new BrokerStartException(
                $"Port {options.Port} of {address} is in use, so the schema registry cannot listen there. "
                + "Stop what listens there, or choose another port for the registry.", exception);
        }
        catch
        {
            if (application is not null)
            {
                await application.DisposeAsync().ConfigureAwait(false);
            }
            store.Dispose();
            throw;
        }
    }

    /// <summary>Stops listening. Repeats do nothing.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref isStopped, 1) == 0)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await application.StopAsync(deadline.Token).ConfigureAwait(false);
            await application.DisposeAsync().ConfigureAwait(false);
            store.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private static WebApplication Build(RegistryOptions options, IPAddress address, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ApplicationName = "alloc-registry" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 256;
            kestrel.Limits.MaxRequestBodySize = options.MaximumRequestSize;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(address, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        return builder.Build();
    }

    private static async Task HandleErrorsAsync(HttpContext http, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.StatusCode is 404 or 405)
            {
                await RegistryRoutes.RefuseAsync(
                    http, http.Response.StatusCode, http.Response.StatusCode,
                    $"HTTP {http.Response.StatusCode}: no such route.");
            }
        }
        catch (RegistryException exception)
        {
            await RegistryRoutes.RefuseAsync(http, exception.Status, exception.ErrorCode, exception.Message);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException exception) when (!http.Response.HasStarted)
        {
            await RegistryRoutes.RefuseAsync(http, exception.StatusCode, exception.StatusCode, exception.Message);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException && !http.Response.HasStarted)
        {
            Log.RegistryStoreRefused(logger, exception.Message);
            await RegistryRoutes.RefuseAsync(http, 500, 50001, "The schema could not be stored: " + exception.Message);
        }
    }

    private static int PortOf(WebApplication application)
    {
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        return new Uri(addresses.Addresses.First()).Port;
    }

    private static IPAddress ListenAddress(RegistryOptions options)
    {
        if (options.Port is < 0 or > ushort.MaxValue)
        {
            throw new BrokerStartException(
                $"Port {options.Port} does not exist. Use 1 to 65535, or 0 for any free port.");
        }
        var address = options.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(options.Host, out var parsed) ? parsed
            : throw new BrokerStartException(
                $"'{options.Host}' is no IP address. Use one of this machine, or localhost.");
        return IPAddress.IsLoopback(address) ? address : throw new BrokerStartException(
            $"The embedded schema registry has no authentication and does not listen on {options.Host}. "
            + "Listen on 127.0.0.1, or run a registry of its own for other machines.");
    }

    /// <summary>The process's signals belong to whoever hosts the registry.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
