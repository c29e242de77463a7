using System.Net;
using System.Text.Json.Nodes;
using Alloc.Client;

namespace Alloc.Bench;

/// <summary>An <c>alloc serve</c> that a benchmark started.</summary>
internal sealed class EngineProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromMinutes(5);
    private readonly ChildProcess child;
    private readonly Uri console;

    private EngineProcess(ChildProcess child, Uri console)
    {
        this.child = child;
        this.console = console;
    }

    /// <summary>From the start of the process until it was ready.</summary>
    public TimeSpan TimeToReady { get; private set; }

    /// <summary>The most memory that it has had resident, in bytes.</summary>
    public long PeakBytes => Machine.PeakResidentBytes(child.Id);

    public static async Task<EngineProcess> StartAsync(
        AllocClientOptions settings, BenchOptions options, string name, string? checkpoints, TimeProvider time,
        CancellationToken cancellation, bool withProjection = false)
    {
        var port = BenchCluster.FreePort();
        string[] arguments =
        [
            "serve", "--bootstrap", settings.Bootstrap, "--registry", settings.Registry.ToString(), "--topic-prefix",
                settings.TopicPrefix,
            "--application-id", Application(settings), "--data-dir", Path.Combine(options.WorkDirectory, "engine",
                settings.TopicPrefix + name),
            "--console-port", $"{port}", "--threads", $"{options.ThreadCount}",
            .. withProjection ? Array.Empty<string>() : ["--no-projection"],
            .. checkpoints is null ? Array.Empty<string>() : ["--checkpoint-dir", checkpoints],
        ];
        var startedAt = time.GetTimestamp();
        var engine = new EngineProcess(ChildProcess.Alloc(arguments), new Uri($"http://127.0.0.1:{port}"));
        try
        {
            using var http = new HttpClient { BaseAddress = engine.console, Timeout = TimeSpan.FromSeconds(2) };
            await engine.child.WaitForAsync(
                () => IsReadyAsync(http, cancellation), ReadyDeadline, "a ready engine", cancellation)
                .ConfigureAwait(false);
            engine.TimeToReady = time.GetElapsedTime(startedAt);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public static string Application(AllocClientOptions settings) => "bench-" + settings.TopicPrefix.TrimEnd('.');

    /// <summary>Asks it to write a checkpoint of all its partitions now.</summary>
    public async Task CheckpointAsync(CancellationToken cancellation) => await ChildProcess.RunAsync(
        Environment.ProcessPath!, ["checkpoint", "--console", console.ToString(), "--timeout", "5m"], cancellation)
        .ConfigureAwait(false);

    /// <summary>
    /// Outcomes that searches do not show yet, the age of the oldest in seconds, and whether every partition says so.
    /// </summary>
    public async Task<(long Behind, double Seconds, bool IsKnown)> ProjectionAsync(CancellationToken cancellation)
    {
        var instance = (await GetAsync("v1/projection", cancellation).ConfigureAwait(false))["instances"]![0]!;
        var partitions = instance["partitions"]!.AsArray();
        return (
            partitions.Sum(p => p!["lagRecords"]?.GetValue<long>() ?? 0),
            partitions.Select(p => p!["lagSeconds"]!.GetValue<double>()).DefaultIfEmpty().Max(),
            partitions.Count > 0 && partitions.All(p => p!["lagRecords"] is not null));
    }

    /// <summary>What its HTTP interface answers.</summary>
    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = console, Timeout = TimeSpan.FromSeconds(30) };
        return JsonNode.Parse(
            await http.GetStringAsync(new Uri(path, UriKind.Relative), cancellation).ConfigureAwait(false))!;
    }

    public Task KillAsync() => child.KillAsync();

    public ValueTask DisposeAsync() => child.DisposeAsync();

    private static async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("readyz", UriKind.Relative), cancellation)
                .ConfigureAwait(false);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
