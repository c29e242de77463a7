using System.Net;
using System.Security.Cryptography.X509Certificates;
using Alloc.Web.Requests;
using Alloc.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Alloc.Web;

/// <summary>The HTTP API of one instance: Kestrel with limits, access control, and the routes it is given.</summary>
public sealed class ConsoleServer : IAsyncDisposable
{
    private readonly WebApplication application;

    private ConsoleServer(WebApplication application, int port)
    {
        this.application = application;
        Port = port;
    }

    /// <summary>The port that is listened on, also when any free one was asked for.</summary>
    public int Port { get; }

    /// <summary>Starts to listen.</summary>
    /// <param name="options">Who may use it, and how.</param>
    /// <param name="listener">The port that is held for it; closed with the server.</param>
    /// <param name="routes">Maps what is answered.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <exception cref="ConsoleStartException">The options are unsafe, a file is unreadable, or the port is in
    /// use.</exception>
    public static async Task<ConsoleServer> StartAsync(
        ConsoleOptions options, ConsoleListener listener, Action<WebApplication> routes, ILoggerFactory loggers,
        CancellationToken cancellation)
    {
        options.Validate();
        var credentials = options.CredentialsFile is null ? null : Credentials.Load(options.CredentialsFile);
        var certificate = options.CertificateFile is null ? null : LoadCertificate(options.CertificateFile);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "alloc" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore();
        if (certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = _ => listener.Take());
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, listener.EndPoint, certificate));

        var application = builder.Build();
        application.Use(RawPath.RestoreAsync);
        application.UseRouting();
        var access = new AccessControl(credentials, options.IsLoopback);
        application.Use(access.InvokeAsync);
        application.Use(RequestChecks.InvokeAsync);
        application.Use(ProblemsAsync);
        routes(application);
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new ConsoleStartException(
                $"Port {listener.Port} (console) is in use.", "--console-port moves it.", e);
        }
        return new ConsoleServer(application, listener.Port);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await application.StopAsync(deadline.Token).ConfigureAwait(false);
        await application.DisposeAsync().ConfigureAwait(false);
    }

    private static void Configure(KestrelServerOptions kestrel, IPEndPoint endPoint, X509Certificate2? certificate)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 1_000;
        kestrel.Limits.MaxRequestBodySize = 1 << 20;
        // The longest id that a list is asked for by, with what a URL makes of it.
        kestrel.Limits.MaxRequestLineSize = 32 << 10;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        kestrel.Listen(endPoint, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        });
    }

    private static async Task ProblemsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException && !context.Response.HasStarted)
        {
            await Problem.WriteAsync(context, 500, "Failed", e.Message).ConfigureAwait(false);
            return;
        }
        if (context.Response is { StatusCode: 404, HasStarted: false, ContentLength: null }
            && context.GetEndpoint() is null)
        {
            await Problem.WriteAsync(context, 404, "Not found", "There is no such route.").ConfigureAwait(false);
        }
        if (context.Response is { StatusCode: 405, HasStarted: false, ContentLength: null })
        {
            await Problem.WriteAsync(
                context, 405, "Not allowed", $"This route has no {context.Request.Method}; "
                    + $"it has {context.Response.Headers.Allow}.").ConfigureAwait(false);
        }
    }

    private static X509Certificate2 LoadCertificate(string path)
    {
        try
        {
            return path.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase)
                ? X509CertificateLoader.LoadPkcs12FromFile(path, password: null)
                : X509Certificate2.CreateFromPemFile(path);
        }
        catch (Exception e) when (e is IOException or System.Security.Cryptography.CryptographicException
            or UnauthorizedAccessException)
        {
            throw new ConsoleStartException(
                $"The certificate {path} cannot be read: {e.Message}",
                "Give a PEM file with certificate and key, or a PFX file.", e);
        }
    }

    /// <summary>The process's signals belong to the command line, not to the web host.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
