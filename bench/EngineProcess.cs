using System.Net;
using System.Text.Json.Nodes;
using Alloc.Client;

namespace Alloc.Bench;

/// <summary>An <c>alloc serve</c> that a benchmark started.</summary>
internal sealed class EngineProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(2);
    private readonly ChildProcess child;
    private readonly Uri console;

    private readonly HttpClient http;
    private readonly TimeProvider time;
    private readonly long startedAt;

    private EngineProcess(string[] arguments, int port, TimeProvider time)
    {
        this.time = time;
        startedAt = time.GetTimestamp();
        child = ChildProcess.Alloc(arguments);
        console = new Uri($"http://127.0.0.1:{port}");
        http = new HttpClient { BaseAddress = console, Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>From the start of the process until it was ready.</summary>
    public TimeSpan TimeToReady { get; private set; }

    /// <summary>The most memory that it has had resident, in bytes.</summary>
    public long PeakBytes => Machine.PeakResidentBytes(child.Id);

    /// <summary>Where it answers.</summary>
    public string Console => console.ToString();

    /// <summary>The processor time that it has used so far.</summary>
    public ThreadTimes ReadTimes() => ThreadTimes.Read(child.Id);

    /// <summary>Runs work while it stands still; for much less than its place in the group is kept.</summary>
    public void WhilePaused(Action work) => ProcessPause.During(child.Id, work);

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <param name="settings">The cluster and the topics' prefix.</param>
    /// <param name="options">Threads, and where state is kept.</param>
    /// <param name="name">Of the state directory: the same finds the same state.</param>
    /// <param name="checkpoints">Folder of checkpoints; null: none.</param>
    /// <param name="time">What tells the time.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <param name="roles">What it does; the other scenarios measure decisions alone.</param>
    /// <param name="application">The application's id; null: one of the topics' prefix.</param>
    public static async Task<EngineProcess> StartAsync(
        AllocClientOptions settings, BenchOptions options, string name, string? checkpoints, TimeProvider time,
        CancellationToken cancellation, string roles = "allocation", string? application = null)
    {
        var engine = Begin(settings, options, name, checkpoints, time, roles, application);
        try
        {
            engine.TimeToReady = await engine.UntilAnsweredAsync(
                "readyz", (_, _) => true, "a ready engine", cancellation).ConfigureAwait(false);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts one and does not wait for it; parameters as for StartAsync.</summary>
    public static EngineProcess Begin(
        AllocClientOptions settings, BenchOptions options, string name, string? checkpoints, TimeProvider time,
        string roles, string? application)
    {
        var port = BenchCluster.FreePort();
        return new EngineProcess(
            [
                "serve", "--bootstrap", settings.Bootstrap, "--registry", settings.Registry.ToString(),
                "--topic-prefix", settings.TopicPrefix, "--application-id", application ?? Application(settings),
                "--data-dir", Path.Combine(options.WorkDirectory, "engine", settings.TopicPrefix + name),
                "--console-port", $"{port}", "--threads", $"{options.ThreadCount}", "--roles", roles,
                "--scan-interval", "0s",
                .. checkpoints is null ? Array.Empty<string>() : ["--checkpoint-dir", checkpoints],
            ],
            port, time);
    }

    /// <summary>
    /// Asks until the answer is 200 and as it is wanted, and says how long after the process's start that was.
    /// </summary>
    /// <param name="path">What is asked for.</param>
    /// <param name="isWanted">Given the answer and the time since the process's start.</param>
    /// <param name="what">What is waited for, for the error text.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <param name="deadline">How long that may take.</param>
    /// <param name="every">How often; null: as often as costs nothing where the answer is a small one.</param>
    public async Task<TimeSpan> UntilAnsweredAsync(
        string path, Func<JsonNode, TimeSpan, bool> isWanted, string what, CancellationToken cancellation,
        TimeSpan? deadline = null, TimeSpan? every = null)
    {
        await child.WaitForAsync(
            async () => await TryGetAsync(path, cancellation).ConfigureAwait(false) is { } answer
                && isWanted(answer, time.GetElapsedTime(startedAt)),
            deadline ?? ReadyDeadline, what, cancellation, every).ConfigureAwait(false);
        return time.GetElapsedTime(startedAt);
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

    /// <summary>
    /// Records of some topics that an application has not taken in yet, as its engine saw it within the last second;
    /// null where it does not know of all of them.
    /// </summary>
    /// <param name="role">The application.</param>
    /// <param name="partitionCount">Partitions of each topic.</param>
    /// <param name="topics">The topics, with their prefix.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task<long?> LagAsync(
        string role, int partitionCount, IReadOnlyCollection<string> topics, CancellationToken cancellation)
    {
        var inputs = (await GetAsync($"v1/tasks?role={role}", cancellation).ConfigureAwait(false))["inputs"]!.AsArray()
            .Where(i => topics.Contains(i!["topic"]!.GetValue<string>())).ToList();
        return inputs.Count == topics.Count * partitionCount && inputs.All(i => i!["isHere"]!.GetValue<bool>())
            ? inputs.Sum(i => i!["lagRecords"]!.GetValue<long>())
            : null;
    }

    /// <summary>What its HTTP interface answers.</summary>
    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellation) => JsonNode.Parse(
        await http.GetStringAsync(new Uri(path, UriKind.Relative), cancellation).ConfigureAwait(false))!;

    /// <summary>What it answers to a request that begins something, whether it is granted or not.</summary>
    public async Task<JsonNode> PostAsync(string path, CancellationToken cancellation)
    {
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), null, cancellation)
            .ConfigureAwait(false);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false))!;
    }

    public Task KillAsync() => child.KillAsync();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await child.DisposeAsync().ConfigureAwait(false);
    }

    // While it starts, nobody listens, and then somebody who has nothing to say yet.
    private async Task<JsonNode?> TryGetAsync(string path, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(AnswerPatience);
        try
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), patience.Token)
                .ConfigureAwait(false);
            return answer.StatusCode == HttpStatusCode.OK
                ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(patience.Token).ConfigureAwait(false))
                : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }
}
