namespace EndToEnd.Tests.Processes;

/// <summary>Where clients find a deployment: the same over all restarts.</summary>
internal sealed record Deployment(string Bootstrap, string Registry)
{
    /// <summary>The HTTP address of <c>alloc dev</c>; empty for other servers.</summary>
    public string Console { get; init; } = "";

    /// <summary>The options that point a command at it.</summary>
    public string[] Options => ["--bootstrap", Bootstrap, "--registry", Registry];

    /// <summary>Runs a command of alloc against it.</summary>
    public Task<ProcessResult> AllocAsync(TimeSpan deadline, params string[] arguments) =>
        AllocProcess.RunAsync(deadline, [.. arguments, .. Options]);
}

/// <summary>A server that can be killed and started again on the same data and the same ports.</summary>
internal sealed class Server(string readyText, Func<AllocProcess> start) : IAsyncDisposable
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(60);
    private AllocProcess? process;

    public AllocProcess Process => process ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>Starts it and does not wait until it is ready.</summary>
    public Server Start()
    {
        process = start();
        return this;
    }

    public async Task<Server> StartAsync()
    {
        await Start().Process.WaitForLineAsync(readyText, ReadyDeadline);
        return this;
    }

    public async Task KillAsync()
    {
        await Process.KillAsync();
        await Process.DisposeAsync();
        process = null;
    }

    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }
    }
}

/// <summary>The servers that tests start, each with free ports of its own.</summary>
internal static class Servers
{
    /// <summary><c>alloc dev</c>: everything in one process.</summary>
    public static (Server Server, Deployment Deployment) Dev(string data, params string[] more)
    {
        var (kafka, registry, console) = (AllocProcess.FreePort(), AllocProcess.FreePort(), AllocProcess.FreePort());
        string[] arguments =
        [
            "dev", "--data-dir", data, "--kafka-port", $"{kafka}", "--registry-port", $"{registry}", "--console-port",
            $"{console}", .. more,
        ];
        return (new Server("Ready in", () => AllocProcess.Start(arguments)), new Deployment(
            $"127.0.0.1:{kafka}", $"http://127.0.0.1:{registry}")
        {
            Console = $"http://127.0.0.1:{console}",
        });
    }

    /// <summary>Only the embedded broker and registry.</summary>
    public static (Server Server, Deployment Deployment) Broker(string data)
    {
        var (kafka, registry) = (AllocProcess.FreePort(), AllocProcess.FreePort());
        string[] arguments =
        [
            "bench", "serve-broker", "--data-dir", data, "--kafka-port", $"{kafka}", "--registry-port", $"{registry}"
        ];
        return (new Server("Registry", () => AllocProcess.Start(arguments)),
            new Deployment($"127.0.0.1:{kafka}", $"http://127.0.0.1:{registry}"));
    }

    /// <summary>Only the broker of an <c>alloc dev</c> that is away, over its data and at its address.</summary>
    public static Server BrokerOf(Deployment dev, string data)
    {
        string[] arguments =
        [
            "bench", "serve-broker", "--data-dir", data, "--kafka-port", dev.Bootstrap.Split(':')[^1],
            "--registry-port", $"{AllocProcess.FreePort()}",
        ];
        return new Server("Registry", () => AllocProcess.Start(arguments));
    }

    /// <summary><c>alloc serve</c> on a deployment: an instance of the engine.</summary>
    public static Server Engine(Deployment deployment, string data, params string[] more) =>
        Engine(deployment, data, AllocProcess.FreePort(), more);

    /// <summary>The same with a console port that the test knows.</summary>
    public static Server Engine(Deployment deployment, string data, int console, params string[] more)
    {
        return new Server("Ready in", () => AllocProcess.Start(
            ["serve", .. deployment.Options, "--data-dir", data, "--console-port", $"{console}", .. more]));
    }
}
