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
    private readonly X509Certificate2 _clientCertificate = CreateCertificate("client");
    private readonly string _authorities = Path.GetTempFileName();
    private WebApplication? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_authorities, _certificate.ExportCertificatePem(), Cancellation);
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
        _clientCertificate.Dispose();
    }

    [Fact]
    public async Task A_trusted_authority_is_accepted()
    {
        using var client = Client(o => o with { TrustedCertificatesFile = _authorities });

        Assert.Equal(["anonymous"], await client.GetSubjectsAsync(Cancellation));
    }

    [Fact]
    public async Task The_clients_certificate_is_shown()
    {
        using var client = Client(
            o => o with { TrustedCertificatesFile = _authorities, ClientCertificate = _clientCertificate });

        Assert.Equal(["CN=client"], await client.GetSubjectsAsync(Cancellation));
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_is_not_talked_to()
    {
        using var client = Client(o => o);

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(() => client.GetSubjectsAsync(Cancellation));

        Assert.Contains("certificate", error.Message, StringComparison.OrdinalIgnoreCase);
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

    private HttpSchemaRegistryClient Client(Func<SchemaRegistryOptions, SchemaRegistryOptions> change) => new(
        change(new SchemaRegistryOptions
        {
            Urls = [new UriBuilder(_server!.Urls.Single()) { Host = "localhost" }.Uri],
            AttemptCount = 1,
        }),
        TimeProvider.System);
}
