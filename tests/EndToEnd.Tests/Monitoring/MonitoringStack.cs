using Alloc.Tests.Support;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Monitoring;

/// <summary>
/// A real Prometheus and a real Alertmanager that watch an <c>alloc dev</c> with the committed files; only addresses
/// and intervals are other ones.
/// </summary>
internal sealed class MonitoringStack : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly List<AllocProcess> processes = [];

    private MonitoringStack(string prometheus) => Prometheus = prometheus;

    public string Prometheus { get; }

    /// <summary>What both have said.</summary>
    public string Said => string.Join('\n', processes.Select(p => p.Said));

    /// <summary>Why it cannot run here; null where it can.</summary>
    public static string? Missing { get; } = new[] { "prometheus", "prometheus-alertmanager" }
        .FirstOrDefault(p => Installed.Monitor(p) is null) is { } absent
            ? $"{absent} is not installed: make deps unpacks Debian's"
            : File.Exists(Templates)
                ? null
                : $"{Templates} is not there, which Debian's Alertmanager needs: make deps copies it, as root";

    /// <summary>The one place where Debian's Alertmanager looks for the templates of messages.</summary>
    private const string Templates = "/usr/share/prometheus/alertmanager/default.tmpl";

    public static async Task<MonitoringStack> StartAsync(
        TemporaryDirectory directory, string console, WebHook hook, string thresholds)
    {
        var (prometheus, alertmanager) = (AllocProcess.FreePort(), AllocProcess.FreePort());
        var committed = Path.Combine(Root(), "compose");
        await File.WriteAllTextAsync(directory["thresholds.json"], thresholds);
        var generated = await AllocProcess.RunAsync(
            Deadline, "generate", "rules", "--to", directory["prometheus"], "--thresholds",
            directory["thresholds.json"]);
        Assert.True(generated.ExitCode == 0, $"{generated}");
        await ReplacedAsync(
            Path.Combine(committed, "prometheus", "dev.yml"), directory["prometheus/dev.yml"],
            ("localhost:8233", new Uri(console).Authority), ("localhost:9093", $"127.0.0.1:{alertmanager}"),
            ("interval: 5s", "interval: 1s"));
        await ReplacedAsync(
            Path.Combine(committed, "alertmanager", "alertmanager.yml"), directory["alertmanager.yml"],
            ("http://alerts:8080", hook.Address), ("group_wait: 5s", "group_wait: 1s"));

        var stack = new MonitoringStack($"http://127.0.0.1:{prometheus}");
        stack.processes.Add(AllocProcess.StartWith(Installed.Monitor("prometheus-alertmanager")!,
        [
            "--config.file", directory["alertmanager.yml"], "--storage.path", directory["alertmanager"],
            "--web.listen-address", $"127.0.0.1:{alertmanager}", "--cluster.listen-address=",
        ]));
        stack.processes.Add(AllocProcess.StartWith(Installed.Monitor("prometheus")!,
        [
            "--config.file", directory["prometheus/dev.yml"], "--storage.tsdb.path", directory["tsdb"],
            "--web.listen-address", $"127.0.0.1:{prometheus}",
        ]));
        await stack.processes[^1].WaitForLineAsync("Server is ready", Deadline);
        return stack;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }
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

    private static async Task ReplacedAsync(string from, string to, params (string Committed, string Here)[] changes)
    {
        var text = await File.ReadAllTextAsync(from);
        foreach (var (committed, here) in changes)
        {
            Assert.Contains(committed, text, StringComparison.Ordinal);
            text = text.Replace(committed, here, StringComparison.Ordinal);
        }
        await File.WriteAllTextAsync(to, text);
    }
}
