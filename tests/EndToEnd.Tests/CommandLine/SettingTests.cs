using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Where settings come from, and what is said about wrong ones.</summary>
public sealed class SettingTests
{
    [Fact]
    public async Task A_flag_goes_before_the_environment_and_the_environment_before_the_file()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["alloc.json"], "{ \"output\": \"json\" /* for scripts */ }",
            TestContext.Current.CancellationToken);
        (string, string) file = ("ALLOC_CONFIG", directory["alloc.json"]);

        var fromFile = await CommandLineRun.OfAsync(["version"], file);
        var fromEnvironment = await CommandLineRun.OfAsync(["version"], file, ("ALLOC_OUTPUT", "jsonl"));
        var fromFlag = await CommandLineRun.OfAsync(["version", "-o", "table"], file, ("ALLOC_OUTPUT", "jsonl"));

        Assert.StartsWith("{\n", fromFile.Out, StringComparison.Ordinal);
        Assert.StartsWith("{\"version\"", fromEnvironment.Out, StringComparison.Ordinal);
        Assert.StartsWith("Alloc ", fromFlag.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_value_is_a_usage_error_wherever_it_comes_from()
    {
        var fromEnvironment = await CommandLineRun.OfAsync(["version"], ("ALLOC_OUTPUT", "xml"));
        var fromFlag = await CommandLineRun.OfAsync(["dev", "--kafka-port", "70000"]);

        Assert.Equal(2, fromEnvironment.ExitCode);
        Assert.Contains("'xml' is none of table, json, jsonl, none", fromEnvironment.Error, StringComparison.Ordinal);
        Assert.Equal(2, fromFlag.ExitCode);
        Assert.Contains("--kafka-port is a port", fromFlag.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'payments' is none of allocation,", "--roles", "allocation,payments")]
    [InlineData("--no-projection leaves it out", "--roles", "allocation,projection", "--no-projection")]
    public async Task A_server_is_told_roles_that_there_are_and_that_do_not_contradict(
        string problem, params string[] arguments)
    {
        var run = await CommandLineRun.OfAsync(["serve", .. arguments]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_named_must_exist_and_be_json()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["bad.json"], "bootstrap = x", TestContext.Current.CancellationToken);

        var missing = await CommandLineRun.OfAsync(["version", "--config", directory["none.json"]]);
        var malformed = await CommandLineRun.OfAsync(["version", "--config", directory["bad.json"]]);

        Assert.Equal((2, true), (missing.ExitCode, missing.Error.Contains("does not exist", StringComparison.Ordinal)));
        Assert.Equal((2, true), (malformed.ExitCode,
            malformed.Error.Contains("is not a JSON object", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("poool", "Did you mean pool?")]
    [InlineData("res", "Did you mean reservation?")]
    public async Task A_mistyped_noun_is_answered_with_the_one_that_was_meant(string typed, string answer)
    {
        var run = await CommandLineRun.OfAsync([typed, "list"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(answer, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Out);
    }

    [Fact]
    public async Task A_noun_without_a_verb_lists_its_verbs()
    {
        var run = await CommandLineRun.OfAsync(["reservation"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("hold, confirm, release", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guarantees_cannot_be_set_away_with_client_properties()
    {
        var run = await CommandLineRun.OfAsync(["group", "list", "-X", "isolation.level=read_uncommitted"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("isolation.level is set by alloc", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_is_away_is_said_at_once_with_exit_code_6()
    {
        var run = await CommandLineRun.OfAsync(
            ["group", "list", "--bootstrap", $"127.0.0.1:{AllocProcess.FreePort()}"]);

        Assert.Equal(6, run.ExitCode);
        Assert.Contains("No Kafka broker answers", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_shell_completes_nouns_verbs_and_words_of_options()
    {
        var nouns = await CommandLineRun.OfAsync(["[suggest:9]", "alloc res"]);
        var verbs = await CommandLineRun.OfAsync(["[suggest:20]", "alloc reservation ho"]);
        var script = await CommandLineRun.OfAsync(["completion", "bash"]);

        Assert.Equal("reservation", nouns.Out.Trim());
        Assert.Equal("hold", verbs.Out.Trim());
        Assert.Contains("complete -o default -F _alloc_complete alloc", script.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task None_prints_nothing_and_leaves_the_exit_code()
    {
        var run = await CommandLineRun.OfAsync(["version", "-o", "none"]);

        Assert.Equal((0, "", ""), (run.ExitCode, run.Out, run.Error));
    }
}
