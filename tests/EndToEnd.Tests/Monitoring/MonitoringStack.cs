using System.Text.Json.Nodes;
using Alloc.Cli.Monitoring;
using Alloc.Cli.Monitoring.Rules;
using Alloc.Tests.Support;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Monitoring;

/// <summary>
/// A real Prometheus and a real Alertmanager with the committed files; only addresses, folders and intervals are other
/// ones.
/// </summary>
internal sealed class MonitoringStack : IAsyncDisposable
{
    /// <summary>The one place where Debian's Alertmanager looks for the templates of messages.</summary>
    private const string Templates = "/usr/share/prometheus/alertmanager/default.tmpl";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private readonly HttpClient http = new();
    private readonly AllocProcess alertmanager;
    private readonly AllocProcess prometheus;
    private readonly string address;

    private MonitoringStack(Ports ports, IEnumerable<string> prometheusArguments, IEnumerable<string> alertArguments)
    {
        address = $"http://127.0.0.1:{ports.Prometheus}";
        // Nobody is to find it on the network and join it.
        alertmanager = AllocProcess.StartWith(Installed.Monitor("prometheus-alertmanager")!,
        [
            .. alertArguments, "--web.listen-address", $"127.0.0.1:{ports.Alertmanager}", "--cluster.listen-address=",
        ]);
        prometheus = AllocProcess.StartWith(
            Installed.Monitor("prometheus")!,
            [.. prometheusArguments, "--web.listen-address", $"127.0.0.1:{ports.Prometheus}"]);
    }

    /// <summary>What both have said, and what Prometheus thinks of alerts.</summary>
    public string Said => $"{alertmanager.Said}\n{prometheus.Said}";

    /// <summary>Why it cannot run here; null where it can.</summary>
    public static string? Missing { get; } = new[] { "prometheus", "prometheus-alertmanager" }
        .FirstOrDefault(p => Installed.Monitor(p) is null) is { } absent
            ? $"{absent} is not installed: make deps unpacks Debian's"
            : File.Exists(Templates)
                ? null
                : $"{Templates} is not there, which Debian's Alertmanager needs: make deps copies it, as root";

    /// <summary>Watches an <c>alloc dev</c>.</summary>
    public static async Task<MonitoringStack> StartAsync(
        TemporaryDirectory directory, string console, WebHook hook, string thresholds)
    {
        var ports = Ports.Take();
        var committed = Path.Combine(Root(), "compose");
        await File.WriteAllTextAsync(directory["thresholds.json"], thresholds);
        var generated = await AllocProcess.RunAsync(
            Deadline, "generate", "rules", "--to", directory["prometheus"], "--thresholds",
            directory["thresholds.json"]);
        Assert.True(generated.ExitCode == 0, $"{generated}");
        await ReplacedAsync(
            Path.Combine(committed, "prometheus", "dev.yml"), directory["prometheus/dev.yml"],
            ("localhost:8233", new Uri(console).Authority), ("localhost:9093", $"127.0.0.1:{ports.Alertmanager}"),
            ("interval: 5s", "interval: 1s"));
        await RoutesAsync(directory["alertmanager.yml"], hook);
        return await StartAsync(
            ports, ["--config.file", directory["prometheus/dev.yml"], "--storage.tsdb.path", directory["tsdb"]],
            ["--config.file", directory["alertmanager.yml"], "--storage.path", directory["alertmanager"]]);
    }

    /// <summary>Starts both with arguments of their own; the addresses are added.</summary>
    public static async Task<MonitoringStack> StartAsync(
        Ports ports, IEnumerable<string> prometheusArguments, IEnumerable<string> alertArguments)
    {
        var stack = new MonitoringStack(ports, prometheusArguments, alertArguments);
        try
        {
            await stack.alertmanager.WaitForLineAsync("Listening on", Deadline);
            await stack.prometheus.WaitForLineAsync("Server is ready", Deadline);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>The committed routes with another pager, which does not wait for long.</summary>
    public static Task RoutesAsync(string to, WebHook hook) => ReplacedAsync(
        Path.Combine(Root(), "compose", "alertmanager", "alertmanager.yml"), to, ("http://alerts:8080", hook.Address),
        ("group_wait: 5s", "group_wait: 1s"));

    /// <summary>Waits until Prometheus scrapes so many instances.</summary>
    public Task TargetsAreUpAsync(int count, TimeSpan deadline) => UntilAsync(
        "targets?state=active", deadline, $"{count} targets are up",
        data => data["activeTargets"]!.AsArray().Count(t => t!["health"]!.ToString() == "up") == count);

    /// <summary>Waits until Prometheus has evaluated every rule that is shipped, and none had an error.</summary>
    public Task RulesAreHealthyAsync(TimeSpan deadline)
    {
        var shipped = RuleBook.Groups(Thresholds.Shipped, WatchedCatalogue.Shipped).Sum(g => g.Rules.Count);
        return UntilAsync("rules", deadline, $"{shipped} rules are evaluated", data =>
        {
            var rules = data["groups"]!.AsArray().SelectMany(g => g!["rules"]!.AsArray()).ToList();
            Assert.Equal(shipped, rules.Count);
            Assert.DoesNotContain(rules, r => r!["health"]!.ToString() == "err");
            return rules.All(r => r!["health"]!.ToString() == "ok");
        });
    }

    public async ValueTask DisposeAsync()
    {
        await prometheus.DisposeAsync();
        await alertmanager.DisposeAsync();
        http.Dispose();
    }

    internal static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Streams.sln")))
        {
            directory = directory.Parent;
        }
        return directory.FullName;
    }

    /// <summary>Writes a committed file with something of it replaced, all of which must be there.</summary>
    internal static async Task ReplacedAsync(string from, string to, params (string Committed, string Here)[] changes)
    {
        var text = await File.ReadAllTextAsync(from);
        foreach (var (committed, here) in changes)
        {
            Assert.Contains(committed, text, StringComparison.Ordinal);
            text = text.Replace(committed, here, StringComparison.Ordinal);
        }
        await File.WriteAllTextAsync(to, text);
    }

    /// <summary>Asks Prometheus until an answer is as it shall be.</summary>
    private async Task UntilAsync(string question, TimeSpan deadline, string what, Func<JsonNode, bool> isSo)
    {
        using var timer = new CancellationTokenSource(deadline);
        var answer = "";
        try
        {
            do
            {
                await Task.Delay(Poll, timer.Token);
                answer = await http.GetStringAsync($"{address}/api/v1/{question}", timer.Token);
            }
            while (!isSo(JsonNode.Parse(answer)!["data"]!));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It was not so within {deadline.TotalSeconds:0} s that {what}:\n{answer}\n{Said}");
        }
    }

    /// <summary>Where both listen.</summary>
    internal sealed record Ports(int Prometheus, int Alertmanager)
    {
        public static Ports Take() => new(AllocProcess.FreePort(), AllocProcess.FreePort());
    }
}
