using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary><c>alloc topic produce</c>: lines of JSON as records, and what it refuses to write.</summary>
public sealed class TopicProduceTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private const string Stages = "workflow.stages";

    private static string Entered(string work) =>
        $$"""{"workId": "{{work}}", "stageId": "AwaitingFraudDecision", "kind": "Entered"}""";

    [Fact]
    public async Task A_line_becomes_a_record_under_the_key_that_the_catalogue_names()
    {
        var run = await RunAsync(Entered("p-1"), "topic", "produce", Stages, "-o", "json");
        var tail = await RunAsync("", "topic", "tail", Stages, "--key", "p-1", "-o", "jsonl");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var written = JsonNode.Parse(run.Out)![0]!;
        var record = JsonNode.Parse(tail.Out)!;
        Assert.Equal((int)written["partition"]!, (int)record["partition"]!);
        Assert.Equal((long)written["offset"]!, (long)record["offset"]!);
        Assert.Equal("AwaitingFraudDecision", (string)record["value"]!["stageId"]!);
        Assert.Equal(1, (int)record["value"]!["attempt"]!);
    }

    [Fact]
    public async Task What_tail_shows_can_be_written_again_with_its_headers()
    {
        await RunAsync(
            $$$"""{"key": "p-2", "value": {{{Entered("p-2")}}}, "headers": [{"key": "trace", "value": "t-1"}]}""",
            "topic", "produce", Stages);
        var tail = await RunAsync("", "topic", "tail", Stages, "--key", "p-2", "-o", "jsonl");

        var again = await RunAsync(tail.Out, "topic", "produce", Stages);

        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        var records = (await RunAsync("", "topic", "tail", Stages, "--key", "p-2", "-o", "jsonl")).Out
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(2, records.Count);
        Assert.Equal(records[0]["value"]!.ToJsonString(), records[1]["value"]!.ToJsonString());
        Assert.Equal("t-1", (string)records[1]["headers"]![0]!["value"]!);
    }

    [Theory]
    [InlineData("allocation.outcomes", "allocation alone writes allocation.outcomes")]
    [InlineData("allocation.availability", "alone writes")]
    [InlineData("allocation.policy", "alloc policy apply alone writes")]
    [InlineData("allocation.by-order", "by-order alone writes")]
    [InlineData("allocation.commands.dlq", "alone writes")]
    [InlineData("backlog.stages", "backlog alone writes")]
    [InlineData("operations.catalogue", "alloc catalogue apply alone writes")]
    [InlineData("allocation-projection-projected-index-changelog", "is the changelog of an application")]
    [InlineData("backlog-by-stage-repartition", "is the repartition of an application")]
    [InlineData("__consumer_offsets", "is Kafka's own")]
    [InlineData("eu.allocation.outcomes", "looks like allocation.outcomes of another deployment")]
    public async Task A_topic_that_an_application_writes_is_never_written_by_hand(string topic, string reason)
    {
        var run = await RunAsync("{}", "topic", "produce", topic, "--key", "x", "--yes");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.Contains("past the log", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json", "standard input:2: this is no JSON")]
    [InlineData("""{"stageId": "x"}""", "standard input:2: it has no key: its value has no text in workId")]
    [InlineData("""{"workId": "p-3", "stage": "x"}""", "standard input:2: value.stage is not known")]
    [InlineData("""{"workId": "$catalogue"}""", "keys that begin with $ are for every partition")]
    [InlineData("""{"key": "a", "value": {"workId": "b"}}""", "its key is a, and its workId is b")]
    [InlineData("""{"key": "a", "value": null}""", "workflow.stages is not compacted")]
    [InlineData("""{"key": "a", "value": {"workId": "a"}, "offset": 1, "ofset": 1}""", "ofset is not known")]
    [InlineData("""{"workId": "p-3", "workId": "p-4"}""", "this is no JSON")]
    public async Task One_bad_line_and_nothing_is_written(string line, string problem)
    {
        var run = await RunAsync($"{Entered("p-3")}\n{line}\n", "topic", "produce", Stages, "--yes");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was written", run.Error, StringComparison.Ordinal);
        Assert.Empty((await RunAsync("", "topic", "tail", Stages, "--key", "p-3", "-o", "jsonl")).Out);
    }

    [Fact]
    public async Task A_partition_that_is_not_the_keys_own_is_refused()
    {
        var own = JsonNode.Parse((await RunAsync(
            Entered("p-5"), "topic", "produce", Stages, "--dry-run", "-o", "json")).Out)![0]!["partition"]!;

        var run = await RunAsync(
            Entered("p-5"), "topic", "produce", Stages, "--partition", $"{((int)own + 1) % 4}");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"key p-5 belongs in partition {own}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_one_record_needs_consent_and_a_dry_run_writes_none()
    {
        var two = $"{Entered("p-6")}\n\n{Entered("p-7")}";

        var unasked = await RunAsync(two, "topic", "produce", Stages);
        var dry = await RunAsync(two, "topic", "produce", Stages, "--dry-run", "-o", "jsonl");
        var nothing = await RunAsync("", "topic", "tail", Stages, "--key", "p-6", "-o", "jsonl");
        var agreed = await RunAsync(two, "topic", "produce", Stages, "--yes", "-o", "jsonl");

        Assert.Equal(2, unasked.ExitCode);
        Assert.Contains("writing more than one record needs --yes", unasked.Error, StringComparison.Ordinal);
        Assert.Equal((0, 2, ""), (dry.ExitCode, Lines(dry.Out), nothing.Out));
        Assert.Equal((0, 2), (agreed.ExitCode, Lines(agreed.Out)));
    }

    [Fact]
    public async Task A_topic_without_a_contract_or_that_is_not_there_is_not_found()
    {
        var run = await RunAsync("{}", "topic", "produce", "nobody.knows", "--key", "x");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("nobody.knows", run.Error, StringComparison.Ordinal);
    }

    private static int Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private Task<CommandLineRun> RunAsync(string input, params string[] arguments) =>
        CommandLineRun.OfAsync([.. arguments, .. dev.Deployment.Options], input);
}
