using Alloc.Tests.Support;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http.Gathering;

/// <summary>
/// What commands do with answers that are not whole: those that read say so, those that act do not act.
/// </summary>
public sealed class IncompleteAnswerTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("pool list")]
    [InlineData("pool deficit")]
    [InlineData("reservation list --order o")]
    [InlineData("authority get")]
    [InlineData("mode get")]
    public async Task A_list_that_misses_a_partition_names_it_and_ends_with_6(string command)
    {
        await using var instance = await RestoringAsync();

        var run = await RunAsync(instance, command.Split(' '));

        Assert.True(run.ExitCode == 6, $"{run}");
        Assert.Contains("Partition 3 is missing here: Nobody owns partition 3.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bulk_release_does_nothing_on_an_answer_that_is_not_whole_unless_told_so()
    {
        await using var instance = await RestoringAsync();
        string[] release = ["reservation", "release-all", "--order", "o", "--reason", "test"];

        var refused = await RunAsync(instance, [.. release, "--yes"]);
        var dry = await RunAsync(instance, [.. release, "--dry-run", "-o", "jsonl"]);
        var allowed = await RunAsync(instance, [.. release, "--dry-run", "--allow-incomplete", "-o", "jsonl"]);

        Assert.Equal((6, 6, 0), (refused.ExitCode, dry.ExitCode, allowed.ExitCode));
        Assert.Contains(
            "Partition 3 is missing from the answer: Nobody owns partition 3.", refused.Error,
            StringComparison.Ordinal);
        Assert.Contains("Nothing was released.", refused.Error, StringComparison.Ordinal);
        Assert.Contains("Partition 3 is left out", allowed.Error, StringComparison.Ordinal);
        Assert.Equal(6, allowed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task An_import_of_an_export_that_was_not_whole_does_nothing_unless_told_so()
    {
        using var directory = new TemporaryDirectory();
        var file = directory["export.jsonl"];
        await File.WriteAllLinesAsync(file,
        [
            "{\"incomplete\": \"Partition 3: a transaction stands open\"}",
            "{\"poolId\": \"p\", \"reservationId\": \"r\", \"confirmed\": 2}",
        ], Cancellation);

        var refused = await CommandLineRun.OfAsync(["reservation", "import-all", file, "--dry-run"]);
        var allowed = await CommandLineRun.OfAsync(
            ["reservation", "import-all", file, "--dry-run", "--allow-incomplete"]);

        Assert.Equal((6, 0), (refused.ExitCode, allowed.ExitCode));
        Assert.Contains("Partition 3: a transaction stands open", refused.Error, StringComparison.Ordinal);
        Assert.Contains("1 reservation (0 units held, 2 confirmed)", allowed.Error, StringComparison.Ordinal);
    }

    private static async Task<GatheringInstance> RestoringAsync()
    {
        var instance = await new GatheringInstance().StartAsync(Cancellation);
        instance.Ready.UnionWith([0, 1, 2]);
        return instance;
    }

    // Nobody listens at port 1: what gets as far as writing fails otherwise than by a missing partition.
    private static Task<CommandLineRun> RunAsync(GatheringInstance instance, string[] command) =>
        CommandLineRun.OfAsync(
            command, ("ALLOC_CONSOLE", instance.Url.ToString()), ("ALLOC_BOOTSTRAP", "127.0.0.1:1"),
            ("ALLOC_REGISTRY", "http://127.0.0.1:1"), ("ALLOC_TIMEOUT", "20s"));
}
