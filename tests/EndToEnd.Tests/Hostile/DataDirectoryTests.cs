using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Hostile;

public sealed class DataDirectoryTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_data_directory_that_another_process_holds_is_refused_and_the_first_goes_on()
    {
        using var directory = new TemporaryDirectory();
        var (first, deployment) = Servers.Dev(directory["data"]);
        await using var holder = await first.StartAsync();

        var second = await AllocProcess.RunAsync(
            Deadline, "dev", "--data-dir", directory["data"], "--kafka-port", "0", "--registry-port", "0",
            "--console-port", "0");

        Assert.Equal(1, second.ExitCode);
        Assert.Contains(directory["data"], second.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Error, StringComparison.Ordinal);
        using var client = new CommandClient(deployment);
        await client.StockAsync("still-here", 3);
    }

    [Fact]
    public async Task A_state_directory_that_another_instance_holds_is_refused()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var server = await broker.StartAsync();
        await using var one = await Servers.Engine(deployment, directory["engine"]).StartAsync();

        var two = await AllocProcess.RunAsync(
            Deadline, ["serve", .. deployment.Options, "--data-dir", directory["engine"], "--console-port", "0"]);

        Assert.Equal(1, two.ExitCode);
        Assert.Contains(directory["engine"], two.Error, StringComparison.Ordinal);
        Assert.False(one.Process.HasExited, one.Process.Said);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_the_option_that_moves_it()
    {
        using var directory = new TemporaryDirectory();
        var (first, deployment) = Servers.Dev(directory["data"]);
        await using var holder = await first.StartAsync();
        var port = deployment.Bootstrap.Split(':')[1];

        var second = await AllocProcess.RunAsync(
            Deadline, "dev", "--data-dir", directory["other"], "--kafka-port", port, "--registry-port", "0",
            "--console-port", "0");

        Assert.Equal(1, second.ExitCode);
        Assert.Contains(port, second.Error, StringComparison.Ordinal);
        Assert.Contains("--kafka-port", second.Error, StringComparison.Ordinal);
    }
}
