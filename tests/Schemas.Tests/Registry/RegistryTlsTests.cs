using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Alloc.Schemas.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Schemas.Tests.Registry;

/// <summary>The client's TLS settings against a server with a certificate of its own.</summary>
public sealed class RegistryTlsTests : IAsyncLifetime
{
    private readonly X509Certificate2 _certificate = CreateCertificate("localhost");
    private readonly string _authorities = Path.GetTempFileName();
    private readonly string _keystore = Path.GetTempFileName();
    private WebApplication? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Dictionary<string, string> Trusting => new() { ["schema.registry.ssl.ca.location"] = _authorities };

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_authorities, _certificate.ExportCertificatePem(), Cancellation);
        using var clientCertificate = CreateCertificate("client");
        await File.WriteAllBytesAsync(
            _keystore, clientCertificate.Export(X509ContentType.Pkcs12, "changeit"), Cancellation);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = _certificate;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            })));
        _server = builder.Build();
        _server.MapGet(
            "/subjects", (HttpContext http) => new[] { http.Connection.ClientCertificate?.Subject ?? "anonymous" });
        await _server.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        File.Delete(_authorities);
        _certificate.Dispose();
        File.Delete(_keystore);
    }

    [Fact]
    public async Task A_trusted_authority_is_accepted()
    {
        using var client = Client(Trusting);

        Assert.Equal(["anonymous"], await client.GetAllSubjectsAsync());
    }

    [Fact]
    public async Task The_clients_certificate_is_shown()
    {
        using var client = Client(new Dictionary<string, string>(Trusting)
        {
            ["schema.registry.ssl.keystore.location"] = _keystore,
            ["schema.registry.ssl.keystore.password"] = "changeit",
        });

        Assert.Equal(["CN=client"], await client.GetAllSubjectsAsync());
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_is_not_talked_to()
    {
        using var client = Client([]);

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(client.GetAllSubjectsAsync);

        Assert.Contains("certificate", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("authorities", error.Remedy, StringComparison.Ordinal);
    }

    private static X509Certificate2 CreateCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    private GuardedRegistryClient Client(Dictionary<string, string> properties) => new(
        new SchemaRegistryOptions
        {
            Urls = [new UriBuilder(_server!.Urls.Single()) { Host = "localhost" }.Uri],
            AttemptCount = 1,
            Properties = properties,
        },
        TimeProvider.System);
}
