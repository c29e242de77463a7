using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EndToEnd.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace EndToEnd.Tests.CommandLine;

/// <summary>A registry whose certificate comes from an authority of one's own, as the manual has it.</summary>
public sealed class RegistryTrustTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly string authorities = Path.GetTempFileName();
    private readonly X509Certificate2 authority;
    private readonly X509Certificate2 certificate;
    private readonly WebApplication server;

    public RegistryTrustTests()
    {
        authority = Authority();
        certificate = Issue(authority, "localhost");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        server = builder.Build();
        server.MapGet("/subjects", () => Array.Empty<string>());
    }

    private int Port => new Uri(server.Urls.Single()).Port;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(
            authorities, authority.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await server.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        certificate.Dispose();
        authority.Dispose();
        File.Delete(authorities);
    }

    [Fact]
    public async Task The_authorities_of_SSL_CERT_FILE_are_trusted()
    {
        var run = await ListAsync($"SSL_CERT_FILE={authorities}", $"https://localhost:{Port}");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Whoever_bears_another_name_is_not_talked_to()
    {
        var run = await ListAsync($"SSL_CERT_FILE={authorities}", $"https://127.0.0.1:{Port}");

        Assert.Equal(6, run.ExitCode);
        Assert.Contains("certificate", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_nobody_vouches_for_is_not_talked_to()
    {
        var run = await ListAsync("NOTHING=", $"https://localhost:{Port}");

        Assert.Equal(6, run.ExitCode);
        Assert.Contains("authorities that are trusted", run.Error, StringComparison.Ordinal);
    }

    private static async Task<ProcessResult> ListAsync(string variable, string registry)
    {
        await using var env = AllocProcess.StartWith(
            "env", [variable, AllocProcess.Program, "schema", "list", "--registry", registry, "-o", "jsonl"]);
        return await env.WaitForExitAsync(Deadline);
    }

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(
            authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1, 2, 3]);
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }
}
