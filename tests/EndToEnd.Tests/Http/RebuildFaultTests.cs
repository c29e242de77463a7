using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>
/// A new generation of the search that fails at the last moment is given up, and not the one that answers.
/// </summary>
public sealed class RebuildFaultTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_generation_that_cannot_take_over_leaves_searches_to_the_one_before()
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"]);
        await using var server = await dev.StartAsync();
        using var client = new CommandClient(deployment);
        await client.StockAsync("kept", 5);
        await client.AskAsync(CommandClient.Command("hold", "kept", CommandClient.Hold("r", 1)));
        // Where it is kept which generation answers, nothing can be written any more.
        var file = directory["data/state/allocation-projection.generation"];
        File.Delete(file);
        Directory.CreateDirectory(file);

        var rebuild = await AllocAsync(deployment, "projection", "rebuild", "--scope", "all", "--timeout", "60s");
        var list = await AllocAsync(deployment, "reservation", "list", "--pool", "kept");

        Assert.True(rebuild.ExitCode == 1, $"{rebuild}");
        Assert.Contains("given up", rebuild.Error, StringComparison.Ordinal);
        Assert.True(list.ExitCode == 0, $"{list}");
        Assert.Contains("kept", list.Out, StringComparison.Ordinal);
    }

    private static Task<ProcessResult> AllocAsync(Deployment deployment, params string[] arguments) =>
        AllocProcess.RunAsync(Deadline * 2, [.. arguments, "--console", deployment.Console]);
}
