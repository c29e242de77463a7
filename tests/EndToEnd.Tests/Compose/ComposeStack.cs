using System.Security.Cryptography.X509Certificates;
using EndToEnd.Tests.Monitoring;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Compose;

/// <summary>
/// What the compose file starts, without containers: the first step, Kafka and both instances with their settings, and
/// on demand what watches them.
/// </summary>
public sealed class ComposeStack : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly ComposeFile Compose = ComposeFile.Read();
    private readonly TemporaryDirectory directory = new();
    private readonly Dictionary<string, int> ports = [];
    private readonly List<IAsyncDisposable> started = [];
    private string bootstrap = "";

    /// <summary>Why nothing of it can run here; null where it can.</summary>
    public static string? Missing { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, "openssl")))
            ? null
            : "there is no openssl to make certificates with";

    /// <summary>The environment of each instance.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, string>> Settings { get; private set; } =
        new Dictionary<string, Dictionary<string, string>>();

    /// <summary>The token that the first step made for Prometheus.</summary>
    public string ViewerToken => File.ReadAllText(directory["prometheus/viewer.token"]);

    public Uri Address(string instance, string path) => new($"https://localhost:{ports[instance]}/{path}");

    public static void SkipUnlessItRuns() => Assert.SkipUnless(Missing is null, Missing ?? "");

    /// <summary>A client that trusts the authority of the first step and no other.</summary>
    public HttpClient Client()
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(
            X509CertificateLoader.LoadCertificateFromFile(directory["alloc/ca.crt"]));
        return new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60) };
    }

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }
        await MakeCertificatesAsync(directory);
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        started.Add(broker);
        await broker.StartAsync();
        bootstrap = deployment.Bootstrap;
        if (ApacheKafka.Home is not null)
        {
            var kafka = await StartKafkaAsync(directory["kafka"]);
            started.Add(kafka);
            bootstrap = kafka.Bootstrap;
        }
        ports["alloc-1"] = AllocProcess.FreePort();
        ports["alloc-2"] = AllocProcess.FreePort();
        Settings = ports.Keys.ToDictionary(
            name => name, name => SettingsOf(name, deployment.Registry));
        var instances = ports.Keys.Select(name => AllocProcess.StartIn(Settings[name], "serve")).ToList();
        started.AddRange(instances);
        foreach (var instance in instances)
        {
            await instance.WaitForLineAsync("Ready in", Deadline);
        }
    }

    /// <summary>
    /// Runs the health check of <c>kafka</c> with Kafka's own tool; skips the test where there is no Kafka.
    /// </summary>
    internal async Task<ProcessResult> KafkaHealthAsync()
    {
        ApacheKafka.SkipUnlessPresent();
        var check = (Dictionary<object, object>)Compose["kafka"].Settings["healthcheck"];
        string[] command = [.. ((List<object>)check["test"]).Cast<string>()];
        Assert.Equal("CMD /opt/kafka/bin/kafka-broker-api-versions.sh", string.Join(' ', command[..2]));
        await using var tool = AllocProcess.StartWith(
            Path.Combine(ApacheKafka.Home!, "bin", "kafka-tool"),
            ["broker-api-versions", .. command[2..].Select(a => a.Replace(
                "localhost:9092", bootstrap, StringComparison.Ordinal))]);
        return await tool.WaitForExitAsync(Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(started))
        {
            await process.DisposeAsync();
        }
        directory.Dispose();
    }

    /// <summary>
    /// Prometheus and Alertmanager with the compose file's arguments and files; skips the test where they are not at
    /// hand.
    /// </summary>
    internal async Task<(MonitoringStack Stack, WebHook Hook)> MonitoringAsync()
    {
        Assert.SkipUnless(MonitoringStack.Missing is null, MonitoringStack.Missing ?? "");
        var hook = new WebHook();
        started.Add(hook);
        var listening = MonitoringStack.Ports.Take();
        var folder = Directory.CreateDirectory(directory["etc"]).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "tls"));
        await MonitoringStack.ReplacedAsync(
            Path.Combine(ComposeFile.Folder, "prometheus", "tls", "rules.yml"),
            Path.Combine(folder, "tls", "rules.yml"), ("https://localhost:8233/", $"{Address("alloc-1", "")}"));
        await MonitoringStack.ReplacedAsync(
            Path.Combine(ComposeFile.Folder, "prometheus", "prometheus.yml"), Path.Combine(folder, "prometheus.yml"),
            ("alloc-1:8233", $"localhost:{ports["alloc-1"]}"), ("alloc-2:8233", $"localhost:{ports["alloc-2"]}"),
            ("alertmanager:9093", $"127.0.0.1:{listening.Alertmanager}"), ("/certificates", directory["prometheus"]),
            ("interval: 15s", "interval: 1s"));
        await MonitoringStack.RoutesAsync(Path.Combine(folder, "alertmanager.yml"), hook);
        var stack = await MonitoringStack.StartAsync(
            listening,
            Arguments("prometheus", ("/etc/prometheus/", $"{folder}/"), ("=/prometheus", $"={directory["tsdb"]}")),
            Arguments("alertmanager", ("/etc/alertmanager/", $"{folder}/"),
                ("=/alertmanager", $"={directory["alertmanager"]}")));
        started.Add(stack);
        return (stack, hook);
    }

    /// <summary>Runs the first step with the compose file's settings.</summary>
    internal static async Task MakeCertificatesAsync(TemporaryDirectory directory)
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
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary>What a service is started with, in folders of this test.</summary>
    private static IEnumerable<string> Arguments(string service, params (string Committed, string Here)[] folders)
    {
        foreach (var argument in Compose[service].List("command"))
        {
            yield return folders.Aggregate(
                argument, (text, f) => text.Replace(f.Committed, f.Here, StringComparison.Ordinal));
        }
    }

    private Dictionary<string, string> SettingsOf(string name, string registry)
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
}
