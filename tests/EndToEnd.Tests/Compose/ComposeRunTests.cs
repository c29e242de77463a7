using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Compose;

/// <summary>
/// The settings and files of the compose file with the real programs, where they are at hand: only addresses and
/// folders are others.
/// </summary>
public sealed class ComposeRunTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private static readonly ComposeFile Compose = ComposeFile.Read();

    [Fact]
    public async Task Two_instances_over_tls_know_each_other_and_open_to_the_tokens_of_the_first_step()
    {
        using var directory = new TemporaryDirectory();
        var secrets = await MakeCertificatesAsync(directory);
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var server = broker;
        await server.StartAsync();
        await using var kafka = ApacheKafka.Home is null ? null : await StartKafkaAsync(directory["kafka"]);
        var bootstrap = kafka?.Bootstrap ?? deployment.Bootstrap;
        var ports = new Dictionary<string, int>
        {
            ["alloc-1"] = AllocProcess.FreePort(),
            ["alloc-2"] = AllocProcess.FreePort(),
        };
        var settings = ports.Keys.ToDictionary(name => name, name => SettingsOf(
            name, ports, bootstrap, deployment.Registry, directory));
        await using var first = AllocProcess.StartIn(settings["alloc-1"], "serve");
        await using var second = AllocProcess.StartIn(settings["alloc-2"], "serve");
        await first.WaitForLineAsync("Ready in", Deadline);
        await second.WaitForLineAsync("Ready in", Deadline);

        await using (var health = AllocProcess.StartIn(settings["alloc-1"], "health"))
        {
            var said = await health.WaitForExitAsync(Deadline);
            Assert.True(said.ExitCode == 0, said.ToString());
        }
        using var client = Client(directory["alloc/ca.crt"]);
        var closed = await client.GetAsync($"https://localhost:{ports["alloc-1"]}/v1/pools", Cancellation);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", await File.ReadAllTextAsync(Path.Combine(secrets, "viewer.token"), Cancellation));
        var scrape = await client.GetStringAsync($"https://localhost:{ports["alloc-2"]}/metrics", Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
        Assert.Contains("alloc_build_info", scrape, StringComparison.Ordinal);
        await BothOwnPartitionsAsync(client, ports);
        var pools = JsonNode.Parse(await client.GetStringAsync(
            $"https://localhost:{ports["alloc-1"]}/v1/pools", Cancellation))!;
        Assert.True((bool)pools["complete"]!, pools.ToJsonString());
    }

    [Fact]
    public async Task The_first_step_changes_nothing_that_is_good()
    {
        using var directory = new TemporaryDirectory();

        await MakeCertificatesAsync(directory);
        var before = Contents(directory);
        await MakeCertificatesAsync(directory);

        Assert.Equal(before, Contents(directory));
        string[] kept = ["server.pem", "credentials", "viewer.token", "operator.token", "grafana.password", "ca.key"];
        Assert.All(kept, name => Assert.Contains(before.Keys, f => Path.GetFileName(f) == name));
    }

    /// <summary>Runs the first step with the compose file's settings; gives the folder of Prometheus.</summary>
    internal static async Task<string> MakeCertificatesAsync(TemporaryDirectory directory)
    {
        var environment = Compose["certificates"].Environment.ToDictionary();
        environment["ALLOC_DIRECTORY"] = directory["alloc"];
        environment["PROMETHEUS_DIRECTORY"] = directory["prometheus"];
        environment["OPERATOR_DIRECTORY"] = directory["operator"];
        // The files stay with who runs the tests, root or not.
        var me = $"{Environment.GetEnvironmentVariable("UID") ?? "0"}:0";
        foreach (var owner in new[] { "ALLOC_OWNER", "PROMETHEUS_OWNER", "GRAFANA_OWNER" })
        {
            Assert.Contains(owner, environment.Keys);
            environment[owner] = me;
        }
        await using var step = AllocProcess.StartWith(
            "/usr/bin/env",
            [.. environment.Select(e => $"{e.Key}={e.Value}"), "/bin/sh",
                Path.Combine(ComposeFile.Folder, "certificates", "make.sh")]);
        var result = await step.WaitForExitAsync(Deadline);
        Assert.SkipWhen(result.Error.Contains("openssl: not found", StringComparison.Ordinal), "there is no openssl");
        Assert.True(result.ExitCode == 0, result.ToString());
        return directory["prometheus"];
    }

    private static Dictionary<string, string> SettingsOf(
        string name, Dictionary<string, int> ports, string bootstrap, string registry, TemporaryDirectory directory)
    {
        var settings = Compose[name].Environment.ToDictionary();
        Assert.Equal("serve", Assert.Single(Compose[name].List("command")));
        var addresses = new Dictionary<string, string>
        {
            ["kafka:9092"] = bootstrap,
            ["http://registry:8081"] = registry,
            ["https://alloc-1:8233"] = $"https://localhost:{ports["alloc-1"]}",
            ["https://alloc-2:8233"] = $"https://localhost:{ports["alloc-2"]}",
            ["https://localhost:8233"] = $"https://localhost:{ports[name]}",
            ["8233"] = $"{ports[name]}",
            ["/data"] = directory[name],
            ["/checkpoints"] = directory["checkpoints"],
            ["/certificates/credentials"] = directory["alloc/credentials"],
            ["/certificates/server.pem"] = directory["alloc/server.pem"],
            ["/certificates/ca.crt"] = directory["alloc/ca.crt"],
        };
        return settings.ToDictionary(s => s.Key, s => addresses.GetValueOrDefault(s.Value, s.Value));
    }

    /// <summary>Kafka with every setting of the compose file, on three ports of this machine.</summary>
    private static Task<ApacheKafka> StartKafkaAsync(string data) => ApacheKafka.StartAsync(data, port =>
        Compose["kafka"].Environment.Select(e => (
                Name: e.Key["KAFKA_".Length..].ToLowerInvariant().Replace('_', '.'),
                Value: e.Value.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)
                    .Replace("kafka:", "127.0.0.1:", StringComparison.Ordinal)
                    .Replace("9092", $"{port}", StringComparison.Ordinal)
                    .Replace("9093", $"{port + 1}", StringComparison.Ordinal)
                    .Replace("9094", $"{port + 2}", StringComparison.Ordinal)))
            .Select(s => s.Name == "log.dirs" ? $"{s.Name}={data}/data" : $"{s.Name}={s.Value}"));

    private static async Task BothOwnPartitionsAsync(HttpClient client, Dictionary<string, int> ports)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var owned = new Dictionary<string, int>();
        do
        {
            deadline.Token.ThrowIfCancellationRequested();
            foreach (var (name, port) in ports)
            {
                var tasks = JsonNode.Parse(await client.GetStringAsync(
                    $"https://localhost:{port}/v1/tasks", Cancellation))!;
                owned[name] = tasks["tasks"]!.AsArray().Count;
            }
        }
        while (owned.Values.Any(count => count == 0) && await PauseAsync(deadline.Token));
    }

    private static async Task<bool> PauseAsync(CancellationToken cancellation)
    {
        await Task.Delay(100, cancellation);
        return true;
    }

    /// <summary>A client that trusts this authority and no other.</summary>
    private static HttpClient Client(string authority)
    {
        var trusted = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(
            authority);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(trusted);
        return new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
    }

    private static SortedDictionary<string, string> Contents(TemporaryDirectory directory) => new(
        new[] { "alloc", "prometheus", "operator" }
            .SelectMany(d => Directory.GetFiles(directory[d], "*", SearchOption.AllDirectories))
            .ToDictionary(f => f, File.ReadAllText), StringComparer.Ordinal);
}
