using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Alloc.Tests.Support;

namespace EndToEnd.Tests.Monitoring;

/// <summary>Takes what Alertmanager posts, as a pager would.</summary>
internal sealed class WebHook : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentQueue<(string Path, JsonNode Message)> received = [];
    private readonly SemaphoreSlim arrived = new(0);
    private readonly Task serving;

    public WebHook()
    {
        Address = $"http://127.0.0.1:{LeasedPorts.Take()}";
        listener.Prefixes.Add($"{Address}/");
        listener.Start();
        serving = ServeAsync();
    }

    public string Address { get; }

    /// <summary>What came so far, for messages.</summary>
    public string Received =>
        string.Join('\n', received.Select(r => $"{r.Path}: {r.Message["alerts"]?.ToJsonString()}"));

    /// <summary>Waits for an alert to come to a path.</summary>
    public async Task<JsonNode> AlertAsync(string path, string alert, TimeSpan deadline, Func<string> state)
    {
        using var timer = new CancellationTokenSource(deadline);
        while (true)
        {
            var found = received.Where(r => r.Path == path).SelectMany(r => r.Message["alerts"]!.AsArray())
                .FirstOrDefault(a => a!["labels"]!["alertname"]!.ToString() == alert);
            if (found is not null)
            {
                return found;
            }
            try
            {
                await arrived.WaitAsync(TimeSpan.FromMilliseconds(500), timer.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail(
                    $"{alert} did not come to {path} within {deadline.TotalSeconds:0} s:\n{Received}\n{state()}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Close();
        arrived.Dispose();
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            using (var reader = new StreamReader(context.Request.InputStream))
            {
                received.Enqueue((context.Request.Url!.AbsolutePath, JsonNode.Parse(await reader.ReadToEndAsync())!));
            }
            context.Response.StatusCode = 200;
            context.Response.Close();
            arrived.Release();
        }
    }
}
