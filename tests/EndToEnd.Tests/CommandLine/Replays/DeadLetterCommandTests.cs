using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Schemas.Operations;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine.Replays;

/// <summary><c>alloc dlq list|show|replay|discard</c> against a running <c>alloc dev</c>.</summary>
public sealed class DeadLetterCommandTests(LettersDev dev) : IClassFixture<LettersDev>
{
    private const string Stages = LettersDev.Stages, StageLetters = LettersDev.StageLetters;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_counts_letters_by_topic_and_by_kind()
    {
        await dev.BreakAsync("pool-listed", "listed-1");
        await dev.EnterAsync("listed");
        await dev.LettersAsync("listed", 1);

        var topics = await dev.RunAsync("dlq", "list", "-o", "json");
        var kinds = await dev.RunAsync("dlq", "list", "allocation.commands", "-o", "json");
        var table = await dev.RunAsync("dlq", "list", StageLetters);
        var later = await dev.RunAsync("dlq", "list", StageLetters, "--since", "+1h", "-o", "json");

        Assert.Equal((0, 0, 0, 0), (topics.ExitCode, kinds.ExitCode, table.ExitCode, later.ExitCode));
        var rows = JsonNode.Parse(topics.Out)!.AsArray();
        Assert.Contains(rows, r => (string?)r!["topic"] == "effects.receipts.dlq" && (long)r["letters"]! == 0);
        var stages = rows.Single(r => (string?)r!["topic"] == StageLetters)!;
        Assert.True((long)stages["letters"]! >= 1 && (int)stages["kinds"]! == 1, stages.ToJsonString());
        Assert.Equal(Stages, (string?)stages["input"]);
        var kind = JsonNode.Parse(kinds.Out)!.AsArray().Single(k => (string?)k!["kind"] == "unreadable")!;
        Assert.Equal("allocation.commands", (string?)kind["input"]);
        Assert.NotNull(kind["oldest"]);
        Assert.Contains("Nowhere", table.Out, StringComparison.Ordinal);
        Assert.Empty(JsonNode.Parse(later.Out)!.AsArray());
    }

    [Fact]
    public async Task A_letter_is_shown_as_far_as_it_can_be_read_with_where_it_breaks()
    {
        var at = await dev.BreakAsync("pool-broken", "broken-1");

        var run = await dev.RunAsync(
            "dlq", "show", "allocation.commands", "--partition", $"{at.Partition.Value}", "--limit", "100", "-o",
            "json");
        var letter = JsonNode.Parse(run.Out)!.AsArray().Single(l => (string?)l!["key"] == "pool-broken")!;
        var table = await dev.RunAsync(["dlq", "show", "allocation.commands", .. LettersDev.Place(letter)]);

        Assert.Equal((0, 0), (run.ExitCode, table.ExitCode));
        Assert.Equal(
            ("allocation.commands", at.Partition.Value, at.Offset.Value),
            ((string?)letter["origin"]!["topic"], (int)letter["origin"]!["partition"]!,
                (long)letter["origin"]!["offset"]!));
        Assert.Equal("unreadable", (string?)letter["kind"]);
        var value = letter["value"]!;
        Assert.Equal("broken-1", (string?)value["value"]!["commandId"]);
        Assert.NotEqual("", $"{value["problem"]}");
        Assert.True((int)value["position"]! > 5 && ((string?)value["hex"])!.Length > 20, value.ToJsonString());
        Assert.Contains("breaks", table.Out, StringComparison.Ordinal);
        Assert.Contains("broken-1", table.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "bytes", "too few")]
    [InlineData("0000", "bytes", "too few")]
    [InlineData("01000000010203", "bytes", "first byte is 1")]
    [InlineData("007fffffff0102", "avro", "no schema 2147483647")]
    [InlineData("7b22686f6c64223a20327d", "text", "first byte is 123")]
    public async Task Bytes_that_are_nothing_are_shown_as_they_are(string hex, string format, string problem)
    {
        var key = $"bytes-{hex}";
        var at = await dev.Client.WriteAsync(
            Encoding.UTF8.GetBytes(key), Convert.FromHexString(hex), CommandClient.PartitionOf(key));
        await dev.Client.DeadLetterAsync(at);

        var run = await dev.RunAsync("dlq", "show", "allocation.commands", "--limit", "1000", "-o", "json");

        Assert.True(run.ExitCode == 0, run.ToString());
        var value = JsonNode.Parse(run.Out)!.AsArray().Single(l => (string?)l!["key"] == key)!["value"]!;
        Assert.Equal((format, hex), ((string?)value["format"], (string?)value["hex"]));
        Assert.Contains(problem, (string?)value["problem"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replay_writes_what_was_received_once_and_a_second_one_changes_nothing()
    {
        var at = await dev.Topics.WriteAsync("allocation.commands", 1, new Message<byte[]?, byte[]?>
        {
            Key = "pool-replayed"u8.ToArray(),
            Value = [7, 8, 9],
            Headers = [new Header("trace", "t-1"u8.ToArray())],
        });
        await dev.Client.DeadLetterAsync(new TopicPartitionOffset("allocation.commands", 1, at));
        var letter = await CommandLetterAsync("pool-replayed");
        string[] words =
        [
            "dlq", "replay", "allocation.commands", .. LettersDev.Place(letter), "--reason", "mended", "--actor", "ann",
            "--yes", "-o", "json",
        ];

        var dry = await dev.RunAsync([.. words, "--dry-run"]);
        var before = dev.Input("allocation.commands", "pool-replayed").Count;
        var first = await dev.RunAsync(words);
        var second = await dev.RunAsync(words);

        Assert.Equal((0, 1, 0, 0), (dry.ExitCode, before, first.ExitCode, second.ExitCode));
        Assert.Equal("Replay", (string?)JsonNode.Parse(dry.Out)![0]!["result"]);
        Assert.Equal("Replayed", (string?)JsonNode.Parse(first.Out)![0]!["result"]);
        Assert.Empty(JsonNode.Parse(second.Out)!.AsArray());
        Assert.Contains("Replayed before", second.Error, StringComparison.Ordinal);
        Assert.Contains("by ann", second.Error, StringComparison.Ordinal);
        var records = dev.Input("allocation.commands", "pool-replayed");
        Assert.Equal(2, records.Count);
        Assert.Equal([7, 8, 9], records[1].Message.Value);
        Assert.Equal(1, records[1].Partition.Value);
        Assert.Equal(
            ("t-1", $"allocation.commands.dlq-1@{letter["offset"]}"),
            (LettersDev.Header(records[1], "trace"), LettersDev.Header(records[1], "alloc-replay")));
        Assert.DoesNotContain(
            records[1].Message.Headers, h => h.Key.StartsWith("__", StringComparison.Ordinal));
        var action = (await AuditAsync()).Single(a => a.ActionId
            == LettersDev.Header(records[1], "alloc-replay-action"));
        Assert.Equal(
            (OperatorActionKind.DeadLettersReplayed, "ann", "mended", 1L),
            (action.Kind, action.Actor, action.Reason, action.RecordCount));
    }

    [Fact]
    public async Task Poison_that_dies_again_is_a_letter_of_its_own_that_says_so()
    {
        await dev.EnterAsync("again");
        var letter = (await dev.LettersAsync("again", 1))[0];
        await ReplayAsync(letter);

        var again = (await dev.LettersAsync("again", 1)).Single();
        var all = await dev.LettersAsync("again", 2, "--all");
        var list = await dev.RunAsync("dlq", "list", Stages, "-o", "json");

        Assert.NotEqual((long)letter["offset"]!, (long)again["offset"]!);
        Assert.Equal($"{StageLetters}-{letter["partition"]}@{letter["offset"]}", (string?)again["replayedFrom"]);
        Assert.Equal(2, all.Count);
        Assert.True((long)JsonNode.Parse(list.Out)![0]!["again"]! >= 1, list.Out);
    }

    [Fact]
    public async Task A_mended_letter_is_taken_when_it_is_replayed()
    {
        using var directory = new TemporaryDirectory();
        await dev.EnterAsync("mended", "NewStage");
        var letter = (await dev.LettersAsync("mended", 1))[0];
        await File.WriteAllTextAsync(
            directory["mended.catalogue.yaml"],
            """
            version: 1
            stages:
              - {id: NewStage, sla: 1m, customerState: Received, owner: orders, runbook: docs/a.md}
              - {id: AwaitingFraudDecision, sla: 15m, customerState: UnderReview, owner: fraud, runbook: docs/a.md}

            """,
            Cancellation);
        var applied = await dev.RunAsync(
            "catalogue", "apply", directory["mended.catalogue.yaml"], "--reason", "a new stage", "--yes");
        Assert.True(applied.ExitCode == 0, applied.ToString());

        await ReplayAsync(letter);

        var waiting = await Asked.UntilAsync(
            dev.Deployment, "v1/stages", body => body["stages"]!.AsArray()
                .Any(s => (string?)s!["stageId"] == "NewStage" && (long)s["waiting"]! == 1));
        Assert.NotNull(waiting);
        Assert.DoesNotContain(
            JsonNode.Parse((await dev.RunAsync("dlq", "show", Stages, "--limit", "1000", "-o", "json")).Out)!.AsArray(),
            l => (string?)l!["key"] == "mended");
    }

    [Fact]
    public async Task A_letter_whose_key_has_later_records_is_shown_with_them_and_skipped_until_somebody_says_so()
    {
        await dev.EnterAsync("moved-on");
        await dev.EnterAsync("moved-on", "AwaitingFraudDecision");
        var letter = (await dev.LettersAsync("moved-on", 1))[0];
        string[] words = ["dlq", "replay", Stages, .. LettersDev.Place(letter), "--reason", "a test"];

        var skipped = await dev.RunAsync([.. words, "--yes", "-o", "json"]);
        var refused = await dev.AnswerAsync("n\n", words);
        var unlooked = await dev.RunAsync([.. words, "--scan", "0", "--dry-run", "-o", "json"]);
        Assert.Single(dev.Input(Stages, "moved-on"), r => LettersDev.Header(r, "alloc-replay") is null
            && r.Offset.Value == (long)letter["origin"]!["offset"]!);
        var agreed = await dev.AnswerAsync("y\n", words);

        Assert.Equal(1, (int)letter["later"]!["count"]!);
        Assert.Equal(
            "AwaitingFraudDecision", (string?)letter["later"]!["records"]![0]!["value"]!["stageId"]);
        Assert.Equal(0, skipped.ExitCode);
        Assert.Equal("Skipped", (string?)JsonNode.Parse(skipped.Out)![0]!["result"]);
        Assert.Contains("later record", skipped.Out, StringComparison.Ordinal);
        Assert.Contains("whose key has later records?", refused.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was replayed", refused.Error, StringComparison.Ordinal);
        Assert.Equal("Skipped", (string?)JsonNode.Parse(unlooked.Out)![0]!["result"]);
        Assert.Equal(0, agreed.ExitCode);
        Assert.Contains("Replayed", agreed.Out, StringComparison.Ordinal);
        Assert.Equal(3, dev.Input(Stages, "moved-on").Count);
    }

    [Fact]
    public async Task Records_that_died_too_are_no_later_records()
    {
        await dev.EnterAsync("all-dead");
        await dev.EnterAsync("all-dead");

        var letters = await dev.LettersAsync("all-dead", 2);

        Assert.All(letters, l => Assert.Equal(0, (int)l["later"]!["count"]!));
    }

    [Fact]
    public async Task What_is_discarded_is_left_out_and_never_replayed()
    {
        await dev.EnterAsync("discarded");
        var letter = (await dev.LettersAsync("discarded", 1))[0];
        string[] place = LettersDev.Place(letter);

        var unasked = await dev.RunAsync(["dlq", "discard", Stages, .. place, "--reason", "a test"]);
        var refused = await dev.AnswerAsync("n\n", ["dlq", "discard", Stages, .. place, "--reason", "a test"]);
        var done = await dev.RunAsync(
            ["dlq", "discard", Stages, .. place, "--reason", "of no use", "--actor", "bob", "--yes", "-o", "json"]);
        var replay = await dev.RunAsync(
            ["dlq", "replay", Stages, .. place, "--reason", "a test", "--with-later", "--yes", "-o", "json"]);

        Assert.Equal((2, 1, 0, 0), (unasked.ExitCode, refused.ExitCode, done.ExitCode, replay.ExitCode));
        Assert.Equal("Discarded", (string?)JsonNode.Parse(done.Out)![0]!["result"]);
        Assert.Contains("Discarded before", replay.Error, StringComparison.Ordinal);
        Assert.Single(dev.Input(Stages, "discarded"));
        var left = await dev.RunAsync("dlq", "show", Stages, "--limit", "1000", "-o", "json");
        Assert.DoesNotContain(JsonNode.Parse(left.Out)!.AsArray(), l => (string?)l!["key"] == "discarded");
        var all = (await dev.LettersAsync("discarded", 1, "--all")).Single();
        Assert.Equal(
            ("DeadLettersDiscarded", "bob", "of no use"),
            ((string?)all["dealtWith"]!["kind"], (string?)all["dealtWith"]!["actor"],
                (string?)all["dealtWith"]!["reason"]));
    }

    [Fact]
    public async Task A_replay_keeps_its_rate_and_its_limit()
    {
        foreach (var work in Enumerable.Range(0, 6))
        {
            await dev.EnterAsync($"paced-{work}", "PacedStage");
        }
        await dev.LettersAsync("paced-5", 1);
        var begun = Stopwatch.StartNew();

        var run = await dev.RunAsync(
            "dlq", "replay", Stages, "--limit", "5", "--rate", "4/s", "--reason", "a test", "--with-later", "--yes",
            "-o", "json");

        // The first goes at once, and each of the others a quarter of a second later.
        Assert.True(begun.Elapsed > TimeSpan.FromSeconds(1), $"{begun.Elapsed}");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(5, JsonNode.Parse(run.Out)!.AsArray().Count(l => (string?)l!["result"] == "Replayed"));
        Assert.Contains("the limit is 5", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_letter_had_no_room_for_is_read_from_its_input()
    {
        const string Pool = "pool-large";
        // As near to what a producer takes that its outcome is beyond, and the replay's own headers are not.
        var room = 999_900 - dev.Client.Encode(LettersDev.Blocked("large", Pool, "")).Length - Pool.Length;
        var at = await dev.Client.SendAsync(LettersDev.Blocked("large", Pool, new string('c', room)));
        await dev.Client.DeadLetterAsync(at);
        var letter = await CommandLetterAsync(Pool);

        var run = await dev.RunAsync(
            ["dlq", "replay", "allocation.commands", .. LettersDev.Place(letter), "--reason", "a test", "--yes"]);

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal("too-large", (string?)letter["kind"]);
        Assert.True((long)letter["omittedBytes"]! > 900_000, $"{letter["omittedBytes"]}");
        var records = dev.Input("allocation.commands", Pool);
        Assert.Equal(records[0].Message.Value, records[1].Message.Value);
    }

    [Theory]
    [InlineData(3, "is no dead-letter topic", "list", "nobody.knows")]
    [InlineData(3, "is no dead-letter topic", "show", "allocation.outcomes")]
    [InlineData(3, "has no partition 9; it has 4", "show", "workflow.stages", "--partition", "9")]
    [InlineData(3, "has no letter at offset 999999", "show", "workflow.stages", "--partition", "0", "--offset",
        "999999")]
    [InlineData(2, "--offset is of one partition", "show", "workflow.stages", "--offset", "0")]
    [InlineData(2, "--since is not before --until", "show", "workflow.stages", "--since", "-1h", "--until", "-2h")]
    [InlineData(2, "'--reason' is required", "replay", "workflow.stages", "--yes")]
    [InlineData(2, "'--reason' is required", "discard", "workflow.stages", "--yes")]
    [InlineData(2, "needs --yes", "replay", "workflow.stages", "--reason", "x", "-o", "json")]
    [InlineData(2, "'fast' is no rate", "replay", "workflow.stages", "--reason", "x", "--yes", "--rate", "fast")]
    [InlineData(2, "'0/s' is no rate", "replay", "workflow.stages", "--reason", "x", "--yes", "--rate", "0/s")]
    [InlineData(2, "--limit", "replay", "workflow.stages", "--reason", "x", "--yes", "--limit", "0")]
    public async Task What_makes_no_sense_is_said_and_changes_nothing(int code, string message, params string[] words)
    {
        var before = dev.Topics.Ends("operations.audit");

        var run = await dev.RunAsync(["dlq", .. words]);

        Assert.True(run.ExitCode == code, run.ToString());
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Equal(before, dev.Topics.Ends("operations.audit"));
    }

    [Fact]
    public async Task A_record_that_nobody_explains_is_shown_and_not_replayed()
    {
        await dev.Topics.WriteAsync(
            "supply.stock.dlq", 0, new Message<byte[]?, byte[]?> { Value = "lost"u8.ToArray() });

        var show = await dev.RunAsync("dlq", "show", "supply.stock", "-o", "json");
        var replay = await dev.RunAsync("dlq", "replay", "supply.stock", "--reason", "x", "--yes", "-o", "json");

        Assert.Equal((0, 0), (show.ExitCode, dev.Topics.Ends("supply.stock").Sum()));
        Assert.Equal("unexplained", (string?)JsonNode.Parse(show.Out)![0]!["kind"]);
        Assert.Equal("Refused", (string?)JsonNode.Parse(replay.Out)![0]!["result"]);
        Assert.Contains("does not say where it came from", replay.Out, StringComparison.Ordinal);
    }

    private async Task ReplayAsync(JsonNode letter)
    {
        var run = await dev.RunAsync(
            ["dlq", "replay", Stages, .. LettersDev.Place(letter), "--reason", "a test", "--yes", "-o", "json"]);
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal("Replayed", (string?)JsonNode.Parse(run.Out)![0]!["result"]);
    }

    private async Task<JsonNode> CommandLetterAsync(string key)
    {
        var run = await dev.RunAsync("dlq", "show", "allocation.commands", "--limit", "1000", "-o", "json");
        return JsonNode.Parse(run.Out)!.AsArray().Single(l => (string?)l!["key"] == key)!;
    }

    private async Task<List<OperatorAction>> AuditAsync() =>
        [.. (await TopicRecords.ReadAsync<OperatorAction>(dev.Deployment, "operations.audit", Cancellation))
            .Select(a => a.Value)];
}
