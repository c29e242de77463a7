using System.Text;
using System.Text.Json.Nodes;
using Alloc.Schemas.Operations;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine.Replays;

/// <summary><c>alloc topic replay</c> against a running <c>alloc dev</c>: what it copies and never does.</summary>
public sealed class TopicReplayTests(LettersDev dev) : IClassFixture<LettersDev>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_has_key_value_headers_time_and_partition_of_every_record()
    {
        await dev.Topics.CreateAsync("copy-source", 3, ("retention.ms", "86400000"));
        var time = new Timestamp(DateTimeOffset.UtcNow.AddHours(-3).ToUnixTimeMilliseconds(), TimestampType.CreateTime);
        await dev.Topics.WriteAsync("copy-source", 2, new Message<byte[]?, byte[]?>
        {
            Key = [1, 2],
            Value = [3, 0xff],
            Headers = [new Header("trace", [9])],
            Timestamp = time,
        });
        await dev.Topics.WriteAsync("copy-source", 0, new Message<byte[]?, byte[]?> { Key = null, Value = [4] });
        await dev.Topics.WriteAsync("copy-source", 0, new Message<byte[]?, byte[]?> { Key = [5], Value = null });

        var run = await ReplayAsync("copy-source", "copy-target", "--create", "--actor", "ann", "-o", "json");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal((3, "86400000"), (
            dev.Topics.PartitionCount("copy-target"), await dev.Topics.SettingAsync("copy-target", "retention.ms")));
        var result = JsonNode.Parse(run.Out)!;
        Assert.Equal(("finished", 3L), ((string?)result["state"], (long)result["records"]!));
        var copies = dev.Topics.Read("copy-target", Cancellation);
        Assert.Equal(
            [(0, null, "04"), (0, "05", null), (2, "0102", "03FF")],
            copies.Select(c => (c.Partition.Value, Hex(c.Message.Key), Hex(c.Message.Value))));
        Assert.Equal(time.UnixTimestampMs, copies[2].Message.Timestamp.UnixTimestampMs);
        Assert.Equal(["trace", "alloc-replay", "alloc-replay-action"], copies[2].Message.Headers.Select(h => h.Key));
        Assert.Equal("copy-source-2@0", LettersDev.Header(copies[2], "alloc-replay"));
        var actions = await AuditAsync((string)result["actionId"]!);
        Assert.Equal(
            [OperatorActionKind.ReplayStarted, OperatorActionKind.ReplayFinished], actions.Select(a => a.Kind));
        Assert.Equal(("ann", "a test", 3L), (actions[1].Actor, actions[1].Reason, actions[1].RecordCount));
        Assert.False(dev.Topics.HasGroup($"alloc-replay-{result["actionId"]}"));
    }

    [Fact]
    public async Task A_range_is_chosen_by_key_by_offset_and_by_time()
    {
        await dev.Topics.CreateAsync("ranges", 2);
        await dev.Topics.WriteManyAsync("ranges", 0, 20);
        await Task.Delay(20, Cancellation);
        var middle = DateTimeOffset.UtcNow;
        await Task.Delay(20, Cancellation);
        await dev.Topics.WriteManyAsync("ranges", 1, 10);
        var time = middle.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);

        // 0, 7 and 14 of the twenty, 0 and 7 of the ten.
        Assert.Equal(["0/0", "0/7", "0/14", "1/0", "1/7"], await ValuesAsync("--key", "k-0"));
        Assert.Equal(["0/5", "0/6"], await ValuesAsync("-p", "0", "--from", "5", "--until", "7"));
        Assert.Equal(10, await CountAsync("--from", time));
        Assert.Equal(20, await CountAsync("--until", time));
        Assert.Equal(0, await CountAsync("--from", time, "-p", "0"));
    }

    [Fact]
    public async Task Another_number_of_partitions_needs_to_be_told_where_records_go()
    {
        await dev.Topics.CreateAsync("wide", 4);
        await dev.Topics.CreateAsync("narrow", 1);
        await dev.Topics.WriteManyAsync("narrow", 0, 14);

        var refused = await ReplayAsync("narrow", "wide");
        var placed = await ReplayAsync("narrow", "wide", "--partition-by-key");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("1 partition and wide 4 partitions", refused.Error, StringComparison.Ordinal);
        Assert.True(placed.ExitCode == 0, placed.ToString());
        var records = dev.Topics.Read("wide", Cancellation);
        Assert.Equal(14, records.Count);
        Assert.All(records, r => Assert.Equal(
            CommandClient.PartitionOf(Encoding.UTF8.GetString(r.Message.Key!)), r.Partition.Value));
    }

    [Theory]
    [InlineData("allocation.outcomes", "allocation alone says")]
    [InlineData("allocation.availability", "alone says")]
    [InlineData("allocation.by-order", "by-order alone says")]
    [InlineData("allocation.policy", "alone says")]
    [InlineData("reconciliation.mismatches", "alone say")]
    [InlineData("operations.audit", "alone say")]
    [InlineData("workflow.stages.dlq", "alone say")]
    [InlineData("somebodys.dlq", "takes dead letters")]
    [InlineData("app-store-changelog", "is the changelog of an application")]
    [InlineData("app-by-key-repartition", "is the repartition of an application")]
    [InlineData("__consumer_offsets", "is Kafka's own")]
    [InlineData("workflow.stages", "is the source itself")]
    [InlineData("allocation.commands", "makes them act again")]
    [InlineData("orders.status", "makes them act again")]
    public async Task Nothing_is_written_where_nothing_may_be_replayed(string target, string reason)
    {
        await dev.EnterAsync($"refused-{target}", "AwaitingFraudDecision");
        var before = dev.Topics.PartitionCount(target) is null ? [] : dev.Topics.Ends(target);
        var audit = dev.Topics.Ends("operations.audit");

        var run = await ReplayAsync("workflow.stages", target, "--partition-by-key");
        var created = await ReplayAsync("workflow.stages", target, "--create");

        Assert.Equal((2, 2), (run.ExitCode, created.ExitCode));
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.Equal(before, dev.Topics.PartitionCount(target) is null ? [] : dev.Topics.Ends(target));
        Assert.Equal(audit, dev.Topics.Ends("operations.audit"));
    }

    [Fact]
    public async Task Acknowledged_side_effects_happen()
    {
        await dev.Topics.CreateAsync("stages-again", 4);
        await dev.EnterAsync("acknowledged", "AwaitingFraudDecision");
        await ReplayAsync("workflow.stages", "stages-again", "--key", "acknowledged");

        var run = await ReplayAsync("stages-again", "workflow.stages", "--acknowledge-side-effects");

        Assert.True(run.ExitCode == 0, run.ToString());
        var records = dev.Input("workflow.stages", "acknowledged");
        Assert.Equal(2, records.Count);
        Assert.StartsWith(
            "stages-again-", LettersDev.Header(records[1], "alloc-replay"), StringComparison.Ordinal);
        Assert.Equal(records[0].Message.Value, records[1].Message.Value);
    }

    [Fact]
    public async Task What_was_in_force_then_is_copied_for_a_look_and_never_put_in_force_again()
    {
        await dev.Topics.CreateAsync("controls", 4);
        await dev.Topics.WriteAsync("controls", 0, new Message<byte[]?, byte[]?>
        {
            Key = "$catalogue"u8.ToArray(),
            Value = [1],
        });

        var copy = await ReplayAsync("controls", "controls-copy", "--create", "-o", "json");
        var dry = await ReplayAsync(
            "controls", "workflow.stages", "--acknowledge-side-effects", "--dry-run", "-o", "json");
        var again = await ReplayAsync("controls", "workflow.stages", "--acknowledge-side-effects", "-o", "json");

        Assert.Equal((0, 0, 0), (copy.ExitCode, dry.ExitCode, again.ExitCode));
        Assert.Equal([(1, 0), (0, 1), (0, 1)], new[] { copy, dry, again }.Select(r => JsonNode.Parse(r.Out)!)
            .Select(r => ((int)r["records"]!, (int)r["leftOut"]!)));
        Assert.Contains("1 record stays out", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(
            dev.Input("workflow.stages", "$catalogue"), r => LettersDev.Header(r, "alloc-replay") is not null);
    }

    [Fact]
    public async Task A_dry_run_counts_and_writes_nothing_and_a_no_is_a_no()
    {
        await dev.Topics.CreateAsync("unasked", 2);
        await dev.Topics.WriteManyAsync("unasked", 1, 25);
        var audit = dev.Topics.Ends("operations.audit");
        string[] words = ["topic", "replay", "unasked", "--to", "unasked-copy", "--create", "--reason", "a test"];

        var dry = await dev.RunAsync([.. words, "--dry-run", "-o", "json"]);
        var nobody = await dev.RunAsync(words);
        var no = await dev.AnswerAsync("n\n", words);
        Assert.Null(dev.Topics.PartitionCount("unasked-copy"));
        Assert.Equal(audit, dev.Topics.Ends("operations.audit"));
        var yes = await dev.AnswerAsync("y\n", words);

        Assert.Equal((0, 2, 1, 0), (dry.ExitCode, nobody.ExitCode, no.ExitCode, yes.ExitCode));
        Assert.Equal(("dry-run", 25), (
            (string?)JsonNode.Parse(dry.Out)!["state"], (int)JsonNode.Parse(dry.Out)!["records"]!));
        Assert.Contains("up to 25 records of unasked into unasked-copy (new)?", no.Error, StringComparison.Ordinal);
        Assert.Equal(25, dev.Topics.Read("unasked-copy", Cancellation).Count);
    }

    [Fact]
    public async Task Records_of_aborted_and_of_open_transactions_are_not_copied()
    {
        await dev.Topics.CreateAsync("undecided", 1);
        await dev.Topics.WriteManyAsync("undecided", 0, 3);
        await ForeignAsync("undecided", isAborted: true);
        await dev.Topics.WriteManyAsync("undecided", 0, 2);
        using var open = await ForeignAsync("undecided", isAborted: false);
        await dev.Topics.WriteManyAsync("undecided", 0, 4);

        var run = await ReplayAsync("undecided", "undecided-copy", "--create");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(
            ["0/0", "0/1", "0/2", "0/0", "0/1"],
            dev.Topics.Read("undecided-copy", Cancellation).Select(r => Encoding.UTF8.GetString(r.Message.Value!)));
    }

    [Theory]
    [InlineData(3, "There is no topic nobody.knows", "nobody.knows", "--to", "hostile-copy", "--create")]
    [InlineData(3, "There is no topic nobody.knows", "hostile", "--to", "nobody.knows")]
    [InlineData(1, "hostile-target is there already", "hostile", "--to", "hostile-target", "--create")]
    [InlineData(1, "was not created", "hostile", "--to", "no such name", "--create")]
    [InlineData(3, "hostile has no partition 2; it has 2", "hostile", "--to", "hostile-target", "-p", "2")]
    [InlineData(2, "--from is not before --until", "hostile", "--to", "hostile-target", "-p", "0", "--from", "3",
        "--until", "2")]
    [InlineData(2, "--from is not before --until", "hostile", "--to", "hostile-target", "--from", "-1h",
        "--until", "-2h")]
    [InlineData(2, "--from 99: partition 0 of hostile has the offsets 0 to 4", "hostile", "--to", "hostile-target",
        "-p", "0", "--from", "99")]
    [InlineData(2, "partition 1 of hostile has no records", "hostile", "--to", "hostile-target", "-p", "1",
        "--from", "1")]
    [InlineData(2, "An offset is of one partition", "hostile", "--to", "hostile-target", "--from", "1")]
    [InlineData(2, "--from: 'yesterday' is not a time", "hostile", "--to", "hostile-target", "--from", "yesterday")]
    [InlineData(2, "Give --to TOPIC", "hostile")]
    [InlineData(3, "knows no replay nothing", "--resume", "nothing")]
    [InlineData(2, "--to says something else", "--resume", "nothing", "--to", "hostile-target")]
    [InlineData(0, "no record in that range", "hostile", "--to", "hostile-target", "-p", "1")]
    [InlineData(0, "no record in that range", "hostile", "--to", "hostile-target", "--from", "+1h")]
    public async Task What_makes_no_sense_is_said_and_nothing_is_written(
        int code, string message, params string[] words)
    {
        if (dev.Topics.PartitionCount("hostile") is null)
        {
            await dev.Topics.CreateAsync("hostile", 2);
            await dev.Topics.CreateAsync("hostile-target", 2);
            await dev.Topics.WriteManyAsync("hostile", 0, 5);
        }
        string[] reason = words[0] == "--resume" ? [] : ["--reason", "a test"];

        var run = await dev.RunAsync(["topic", "replay", .. words, .. reason, "--yes"]);

        Assert.True(run.ExitCode == code, run.ToString());
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.Equal([0, 0], dev.Topics.Ends("hostile-target"));
    }

    [Fact]
    public async Task A_topic_of_another_deployment_is_kept_as_ones_own()
    {
        await dev.Topics.CreateAsync("eu.allocation.commands", 4);
        await dev.Topics.CreateAsync("eu.allocation.outcomes", 4);

        var journal = await ReplayAsync("allocation.outcomes", "eu.allocation.outcomes");
        var nobodys = await ReplayAsync("allocation.outcomes", "scratch.allocation.outcomes", "--create");

        Assert.Equal((2, 0), (journal.ExitCode, nobodys.ExitCode));
        Assert.Contains("of another deployment", journal.Error, StringComparison.Ordinal);
        Assert.Equal(0, dev.Topics.Ends("eu.allocation.outcomes").Sum());
    }

    private static string? Hex(byte[]? bytes) => bytes is null ? null : Convert.ToHexString(bytes);

    private Task<CommandLineRun> ReplayAsync(string source, string target, params string[] options) => dev.RunAsync(
        ["topic", "replay", source, "--to", target, "--reason", "a test", "--yes", .. options]);

    private async Task<List<string>> ValuesAsync(params string[] options)
    {
        var target = $"ranges-{Guid.NewGuid():N}";
        var run = await ReplayAsync("ranges", target, ["--create", .. options]);
        Assert.True(run.ExitCode == 0, run.ToString());
        return dev.Topics.PartitionCount(target) is null ? []
            : [.. dev.Topics.Read(target, Cancellation).Select(r => Encoding.UTF8.GetString(r.Message.Value!))];
    }

    private async Task<int> CountAsync(params string[] options) => (await ValuesAsync(options)).Count;

    private async Task<List<OperatorAction>> AuditAsync(string actionId) =>
        [.. (await TopicRecords.ReadAsync<OperatorAction>(dev.Deployment, "operations.audit", Cancellation))
            .Select(a => a.Value).Where(a => a.ActionId == actionId)];

    private async Task<IProducer<byte[]?, byte[]?>> ForeignAsync(string topic, bool isAborted)
    {
        var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = dev.Deployment.Bootstrap,
            TransactionalId = $"foreign-{topic}-{isAborted}",
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        producer.BeginTransaction();
        await producer.ProduceAsync(
            new TopicPartition(topic, 0), new Message<byte[]?, byte[]?> { Value = "undecided"u8.ToArray() });
        if (isAborted)
        {
            producer.AbortTransaction(TimeSpan.FromSeconds(30));
            producer.Dispose();
        }
        return producer;
    }
}
