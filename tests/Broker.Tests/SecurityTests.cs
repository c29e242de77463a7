using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>Who is let in when credentials are configured, and how.</summary>
public sealed class SecurityTests
{
    private static readonly Dictionary<string, string> Credentials = new() { ["alice"] = "secret" };

    [Theory]
    [InlineData("secret", true)]
    [InlineData("wrong", false)]
    public async Task Kcat_gets_in_with_the_right_password_only(string password, bool isAdmitted)
    {
        OtherClient.Require("kcat");
        await using var broker = await TestBroker.StartAsync(o => o with { Credentials = Credentials });
        await broker.CreateTopicAsync("t");

        var (exitCode, output, _) = await OtherClient.TryRunAsync("kcat", ["-L", "-b", broker.Servers, "-m", "5",
            "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanism=PLAIN", "-X", "sasl.username=alice",
            "-X", $"sasl.password={password}"]);

        Assert.Equal(isAdmitted, exitCode == 0 && output.Contains("topic \"t\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kafka_python_gets_in_with_the_old_form_of_SASL()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Credentials = Credentials });
        await broker.CreateTopicAsync("t");

        const string script = """
            import sys
            from kafka import KafkaConsumer
            c = KafkaConsumer(bootstrap_servers=sys.argv[1], security_protocol='SASL_PLAINTEXT', sasl_mechanism='PLAIN',
                              sasl_plain_username='alice', sasl_plain_password='secret')
            print(sorted(c.topics()))
            """;

        Assert.Equal("['t']", (await OtherClient.RunPythonAsync("kafka", script, broker.Servers)).Trim());
    }

    [Fact]
    public async Task Request_before_authentication_closes_the_connection()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Credentials = Credentials });
        await using var wire = await WireClient.ConnectAsync(broker);

        await wire.AskAsync(ApiKey.ApiVersions, 0, _ => { });
        await wire.SendAsync(ApiKey.Metadata, 4, writer => writer.WriteArrayLength(-1));

        Assert.Null(await wire.ReceiveFrameAsync());
    }

    [Fact]
    public async Task Kcat_speaks_TLS_to_a_broker_with_a_certificate()
    {
        OtherClient.Require("kcat");
        using var certificate = NewCertificate();
        var authority = Path.GetTempFileName();
        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem());
        await using var broker = await TestBroker.StartAsync(o => o with { Certificate = certificate });
        await broker.CreateTopicAsync("t");

        var output = await OtherClient.RunAsync("kcat", ["-L", "-b", broker.Servers, "-X", "security.protocol=SSL",
            "-X", $"ssl.ca.location={authority}"]);
        File.Delete(authority);

        Assert.Contains("topic \"t\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_text_to_a_TLS_listener_closes_the_connection()
    {
        using var certificate = NewCertificate();
        await using var broker = await TestBroker.StartAsync(o => o with { Certificate = certificate });
        await using var wire = await WireClient.ConnectAsync(broker);

        await wire.SendAsync(ApiKey.ApiVersions, 0, _ => { });

        Assert.Null(await wire.ReceiveFrameAsync());
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
