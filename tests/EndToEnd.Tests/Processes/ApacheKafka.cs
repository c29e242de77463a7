using System.Diagnostics;
using Alloc.Tests.Support;

namespace EndToEnd.Tests.Processes;

/// <summary>
/// An Apache Kafka of its own for a test, where one is at hand: KAFKA_HOME names a folder with bin/kafka-up, or a
/// folder <c>shared/kafka</c> lies beside or above the checkout.
/// </summary>
internal sealed class ApacheKafka : IAsyncDisposable
{
    private readonly string home;
    private readonly string directory;

    private ApacheKafka(string home, string directory, int port)
    {
        this.home = home;
        this.directory = directory;
        Port = port;
    }

    public int Port { get; }

    public string Bootstrap => $"127.0.0.1:{Port}";

    /// <summary>The folder that holds Kafka, or null where there is none.</summary>
    public static string? Home => Installed.KafkaHome;

    /// <summary>Skips the test where no Apache Kafka is at hand.</summary>
    public static void SkipUnlessPresent() => Assert.SkipUnless(
        Home is not null,
        "no Apache Kafka at hand: KAFKA_HOME is not set and there is no folder shared/kafka above the checkout");

    /// <param name="directory">Where its data goes.</param>
    /// <param name="settings">
    /// More of <c>server.properties</c>, for a first port of three in a row; null for none.
    /// </param>
    public static async Task<ApacheKafka> StartAsync(string directory, Func<int, IEnumerable<string>>? settings = null)
    {
        // kafka-up takes the port after this one for its controller.
        var port = LeasedPorts.Take(settings is null ? 2 : 3);
        var kafka = new ApacheKafka(Home!, directory, port);
        Leash.HoldKafka(directory);
        try
        {
            await kafka.RunAsync("kafka-up", [directory, $"{port}", .. settings?.Invoke(port) ?? []]);
            return kafka;
        }
        catch
        {
            await kafka.DisposeAsync();
            throw;
        }
    }

    public Task KillAsync() => RunAsync("kafka-down", directory, "-9");

    public Task StartAgainAsync() => RunAsync("kafka-up", directory, $"{Port}");

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(directory, "kafka.pid")))
        {
            await KillAsync();
        }
    }

    private async Task RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(home, "bin", script)) { UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        Leash.Hold(process.Id);
        using var timer = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            await process.WaitForExitAsync(timer.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
            Leash.Let(process.Id);
        }
        Assert.True(process.ExitCode == 0, $"{script} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
