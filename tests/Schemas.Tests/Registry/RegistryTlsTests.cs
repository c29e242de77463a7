using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Schemas.Tests.Registry;

/// <summary>The client's TLS settings against a server with a certificate of its own.</summary>
public sealed class RegistryTlsTests : IAsyncLifetime
{
    private readonly X509Certificate2 certificate = CreateCertificate("localhost");
    private readonly string authorities = Path.GetTempFileName();
    private readonly string keystore = Path.GetTempFileName();
    private WebApplication? server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using var clientCertificate = CreateCertificate("client");
        await File.WriteAllBytesAsync(
            keystore, clientCertificate.Export(X509ContentType.Pkcs12, "changeit"), Cancellation);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            })));
        server = builder.Build();
        server.MapGet(
            "/subjects", (HttpContext http) => new[] { http.Connection.ClientCertificate?.Subject ?? "anonymous" });
        await server.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await (server?.DisposeAsync() ?? ValueTask.CompletedTask);
        File.Delete(authorities);
        certificate.Dispose();
        File.Delete(keystore);
    }

    [Fact]
    public async Task The_clients_certificate_is_shown()
    {
        using var client = Client(new Dictionary<string, string>
        {
            ["schema.registry.enable.ssl.certificate.verification"] = "false",
            ["schema.registry.ssl.keystore.location"] = keystore,
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

    /// <summary>
    /// Why the setting is refused. When this fails, the client has mended its check, and the setting may be taken.
    /// </summary>
    [Fact]
    public async Task Confluents_client_takes_a_certificate_that_was_forged_in_the_name_of_its_authority()
    {
        using var authority = Authority();
        using var namesake = Authority();
        using var forged = Issue(namesake, "elsewhere");
        await File.WriteAllTextAsync(authorities, authority.ExportCertificatePem(), Cancellation);
        await using var server = await StartAsync(
            forged, [X509CertificateLoader.LoadCertificate(authority.RawData)]);
        using var theirs = new CachedSchemaRegistryClient(new SchemaRegistryConfig
        {
            Url = server.Urls.Single(),
            SslCaLocation = authorities,
        });

        Assert.Equal(["anonymous"], await theirs.GetAllSubjectsAsync());
        var refusal = Assert.Throws<ArgumentException>(
            () => Client(new Dictionary<string, string> { ["schema.registry.ssl.ca.location"] = authorities }));
        Assert.Contains("forged", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(
        X509Certificate2 certificate, X509Certificate2Collection chain)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ServerCertificateChain = chain;
            })));
        var server = builder.Build();
        server.MapGet("/subjects", () => new[] { "anonymous" });
        await server.StartAsync(Cancellation);
        return server;
    }

    /// <summary>An authority that another, which nobody trusts, vouches for: servers send such a one along.</summary>
    private static X509Certificate2 Authority()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = ForAuthority("root", rootKey)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Issue(root, ForAuthority("authority", key), key);
    }

    private static CertificateRequest ForAuthority(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Issue(authority, new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256), key);
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, CertificateRequest request, ECDsa key)
    {
        using var issued = request.Create(
            authority, DateTimeOffset.UtcNow.AddHours(-1), authority.NotAfter, [1, 2, 3]);
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
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
            Urls = [new UriBuilder(server!.Urls.Single()) { Host = "localhost" }.Uri],
            AttemptCount = 1,
            Properties = properties,
        },
        TimeProvider.System);
}
