using System.Text;
using System.Text.Json.Nodes;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Workflow;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// What people who run the business type, against a running <c>alloc dev</c>: a catalogue is validated, compared, and
/// applied to every partition of stages in one transaction; who was not the quicker of two is told what changed.
/// </summary>
public sealed class CatalogueCommandTests(SharedDev dev) : IClassFixture<SharedDev>, IDisposable
{
    private const string StageTopic = "workflow.stages";
    private const string CatalogueTopic = "operations.catalogue";
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);
    private readonly TemporaryDirectory directory = new();

    [Fact]
    public async Task A_catalogue_goes_its_way_from_a_file_into_every_partition()
    {
        var base0 = await VersionAsync();
        var file = Write("one", Document(base0 + 1, "11m"));
        var copies = Copies().Count;

        var diff = await AllocAsync("catalogue", "diff", file, "-o", "json");
        var dry = await AllocAsync("catalogue", "apply", file, "--reason", "more people", "--dry-run", "-o", "json");
        Assert.Equal((0, 0), (diff.ExitCode, dry.ExitCode));
        Assert.Equal((base0, copies), (await VersionAsync(), Copies().Count));
        Assert.Contains(
            JsonNode.Parse(diff.Out)!["changes"]!.AsArray(),
            change => change!["row"]!.ToString() == "FraudCheck" || change["field"]?.ToString() == "sla");

        var applied = await AllocAsync(
            "catalogue", "apply", file, "--reason", "more people", "--actor", "ann", "--yes", "-o", "json");

        Assert.True(applied.ExitCode == 0, applied.ToString());
        var get = await GetAsync();
        Assert.Equal((base0 + 1, base0), (get["version"]!.GetValue<int>(), get["base"]!.GetValue<int>()));
        Assert.Equal(("ann", "more people"), (get["appliedBy"]!.ToString(), get["reason"]!.ToString()));
        Assert.Equal(JsonNode.Parse(applied.Out)!["contentHash"]!.ToString(), get["contentHash"]!.ToString());
        var partitions = JsonNode.Parse(applied.Out)!["partitions"]!.GetValue<int>();
        var written = Copies().Skip(copies).ToList();
        Assert.Equal(Enumerable.Range(0, partitions), written.Select(copy => copy.Partition).Order());
        Assert.All(written, copy =>
        {
            Assert.Equal(base0 + 1, copy.Record.Version);
            Assert.Equal(get["contentHash"]!.ToString(), copy.Record.ContentHash);
            Assert.Equal(TimeSpan.FromMinutes(11), CatalogueRecords.Read(copy.Record).Catalogue!.Stages[1].Sla);
        });

        var again = await AllocAsync("catalogue", "apply", file, "--reason", "again", "--yes", "-o", "json");
        Assert.True(again.ExitCode == 0, again.ToString());
        Assert.Equal("more people", (await GetAsync())["reason"]!.ToString());
        Assert.Equal(copies + (2 * partitions), Copies().Count);

        var table = await AllocAsync("catalogue", "get");
        Assert.Contains("by ann", table.Out, StringComparison.Ordinal);
        Assert.Contains("FraudCheck", table.Out, StringComparison.Ordinal);
        var document = await AllocAsync("catalogue", "get", "--document");
        Assert.Equal(0, (await AllocAsync("catalogue", "validate", Write("shown", document.Out))).ExitCode);
        Assert.Contains(
            "AwaitingFraudDecision", (await AllocAsync("catalogue", "get", "--version", "0")).Out,
            StringComparison.Ordinal);
        Assert.Equal(3, (await AllocAsync("catalogue", "get", "--version", "999999")).ExitCode);
    }

    [Fact]
    public async Task Who_writes_upon_an_old_version_is_told_who_changed_what()
    {
        var version = await VersionAsync() + 1;
        Assert.Equal(0, (await ApplyAsync(Write("first", Document(version, "12m")), "--actor", "bea")).ExitCode);
        Assert.Equal(0, (await ApplyAsync(Write("second", Document(version + 1, "13m")), "--actor", "bea")).ExitCode);

        var same = await ApplyAsync(Write("same", Document(version + 1, "14m")));
        var older = await ApplyAsync(Write("older", Document(version, "14m")));
        var late = await ApplyAsync(Write("late", Document(version + 2, "14m")), "--base", $"{version}");

        Assert.Equal((1, 1, 1), (same.ExitCode, older.ExitCode, late.ExitCode));
        Assert.Contains(
            $"Version {version + 1} is there already with other content", same.Error, StringComparison.Ordinal);
        Assert.Contains($"and {version} is older", older.Error, StringComparison.Ordinal);
        Assert.Contains($"not --base {version}", late.Error, StringComparison.Ordinal);
        Assert.All(new[] { same, older, late }, run =>
        {
            Assert.Contains("bea applied it", run.Error, StringComparison.Ordinal);
            Assert.Contains("stages[FraudCheck].sla 12m → 13m", run.Error, StringComparison.Ordinal);
        });
        Assert.Equal(version + 1, await VersionAsync());
    }

    [Fact]
    public async Task Of_two_applies_at_once_one_wins_and_nothing_of_the_other_is_anywhere()
    {
        for (var round = 0; round < 2; round++)
        {
            var version = await VersionAsync() + 1;
            string[] files = [Write("left", Document(version, "21m")), Write("right", Document(version, "22m"))];

            var runs = await Task.WhenAll(files.Select(file => Task.Run(() => ApplyAsync(file))));

            Assert.Equal([0, 1], runs.Select(run => run.ExitCode).Order());
            Assert.Matches(
                "was applied in the meantime|was quicker|is there already with other content",
                runs.Single(run => run.ExitCode == 1).Error);
            var hash = JsonNode.Parse(runs.Single(run => run.ExitCode == 0).Out)!["contentHash"]!.ToString();
            Assert.Equal(hash, (await GetAsync())["contentHash"]!.ToString());
            Assert.All(
                Copies().Where(copy => copy.Record.Version == version),
                copy => Assert.Equal(hash, copy.Record.ContentHash));
        }
    }

    [Fact]
    public async Task A_transaction_that_never_ends_leaves_nothing_and_the_next_apply_shuts_it_out()
    {
        var version = await VersionAsync() + 1;
        using var registry = Registry();
        using var cutShort = Producer("allocation-catalogue-apply");
        cutShort.InitTransactions(CallTimeout);
        cutShort.BeginTransaction();
        var record = CatalogueRecords.InForce(
            CatalogueReader.ParseAny(Document(version, "31m")).Catalogue!, version - 1, 1, "nobody", "cut short");
        await ProduceAsync(cutShort, new TopicPartition(CatalogueTopic, 0), Serde<CatalogueInForce>(
            registry, CatalogueTopic).Serialize(record));

        Assert.Equal(version - 1, await VersionAsync());
        var run = await ApplyAsync(Write("next", Document(version, "32m")));

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.ThrowsAny<KafkaException>(() => cutShort.CommitTransaction(CallTimeout));
        Assert.Equal(
            JsonNode.Parse(run.Out)!["contentHash"]!.ToString(), (await GetAsync())["contentHash"]!.ToString());
    }

    [Fact]
    public async Task What_somebody_else_wrote_there_is_named_and_stands_in_nobodys_way()
    {
        var version = await VersionAsync() + 1;
        using var registry = Registry();
        using var other = Producer("somebody-else");
        other.InitTransactions(CallTimeout);
        other.BeginTransaction();
        var record = CatalogueRecords.InForce(
            CatalogueReader.ParseAny(Document(version, "41m")).Catalogue!, version - 1, 1, "nobody", "by hand");
        await ProduceAsync(other, new TopicPartition(CatalogueTopic, 0), Serde<CatalogueInForce>(
            registry, CatalogueTopic).Serialize(record with { ContentHash = "0" }));
        await ProduceAsync(other, new TopicPartition(CatalogueTopic, 0), "no record"u8.ToArray());
        other.CommitTransaction(CallTimeout);

        var get = await AllocAsync("catalogue", "get", "-o", "json");
        var run = await ApplyAsync(Write("right", Document(version, "42m")));

        Assert.Equal(0, get.ExitCode);
        Assert.Equal(version - 1, JsonNode.Parse(get.Out)!["version"]!.GetValue<int>());
        Assert.Contains("what is no valid catalogue, and is passed over", get.Error, StringComparison.Ordinal);
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(version, await VersionAsync());
    }

    [Fact]
    public async Task A_wrong_catalogue_is_shown_whole_and_not_applied_anywhere()
    {
        var before = await VersionAsync();
        var file = Write("wrong", Document(before + 1, "-11m") + "modus: []\n");

        var validated = await AllocAsync("catalogue", "validate", file, "-o", "json");
        var applied = await ApplyAsync(file);
        var diff = await AllocAsync("catalogue", "diff", file);

        Assert.Equal((5, 1, 1), (validated.ExitCode, applied.ExitCode, diff.ExitCode));
        Assert.Equal(
            ["stages[FraudCheck].sla", "modus"],
            JsonNode.Parse(validated.Out)!["errors"]!.AsArray().Select(error => error!["path"]!.ToString()));
        Assert.Contains("Nothing was applied.", applied.Error, StringComparison.Ordinal);
        Assert.Equal(before, await VersionAsync());
    }

    [Theory]
    [InlineData(2, "apply needs --yes", "--reason", "why")]
    [InlineData(2, "'--reason' is required", "--yes")]
    [InlineData(2, "the value is blank", "--yes", "--reason", " ")]
    public async Task What_is_missing_for_an_apply_is_asked_for(int exitCode, string error, params string[] options)
    {
        var run = await AllocAsync(["catalogue", "apply", Write("any", Document(1, "11m")), .. options, "-o", "json"]);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reason_is_a_sentence_and_no_book()
    {
        var run = await AllocAsync(
            "catalogue", "apply", Write("any", Document(1, "11m")), "--yes", "--reason", new string('x', 501));

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--reason has 501 characters; it may have 500.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_shipped_version_is_no_document_to_apply()
    {
        var file = Write("shipped", CatalogueDocument.Write(OperationsCatalogue.Shipped with
        {
            Stages =
            [.. OperationsCatalogue.Shipped.Stages.Take(1)],
            Modes = []
        }));

        var run = await ApplyAsync(file);

        Assert.Equal(1, run.ExitCode);
        Assert.Matches("Version 0 is the one that is shipped|and 0 is older", run.Error);
    }

    public void Dispose() => directory.Dispose();

    private static string Document(int version, string sla) => $$"""
        version: {{version}}
        stages:
          - {id: Received, sla: 1m, customerState: Received, owner: orders, runbook: docs/a.md}
          - {id: FraudCheck, after: [Received], sla: {{sla}}, customerState: UnderReview, owner: f, runbook: docs/b.md}

        """;

    private string Write(string name, string text)
    {
        var file = directory[$"{name}.catalogue.yaml"];
        File.WriteAllText(file, text);
        return file;
    }

    private Task<CommandLineRun> AllocAsync(params string[] words) =>
        CommandLineRun.OfAsync(words[1] is "validate" ? words : [.. words, .. dev.Deployment.Options]);

    private Task<CommandLineRun> ApplyAsync(string file, params string[] options) => AllocAsync(
        ["catalogue", "apply", file, "--reason", "a test", "--yes", "-o", "json", .. options]);

    private async Task<JsonNode> GetAsync() =>
        JsonNode.Parse((await AllocAsync("catalogue", "get", "-o", "json")).Out)!;

    private async Task<int> VersionAsync() => (await GetAsync())["version"]!.GetValue<int>();

    private GuardedRegistryClient Registry() => new(
        new SchemaRegistryOptions { Urls = [new Uri(dev.Deployment.Registry)] }, TimeProvider.System);

    private static AvroSerde<T> Serde<T>(GuardedRegistryClient registry, string topic)
        where T : class, Alloc.Schemas.Avro.IAvroRecord<T> => new(registry, ConfluentFraming.SubjectOf(topic));

    private IProducer<byte[]?, byte[]?> Producer(string transactionalId) =>
        new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = dev.Deployment.Bootstrap,
            TransactionalId = transactionalId,
            LingerMs = 0,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

    private static Task ProduceAsync(IProducer<byte[]?, byte[]?> producer, TopicPartition to, byte[] value) =>
        producer.ProduceAsync(to, new Message<byte[]?, byte[]?>
        {
            Key = Encoding.UTF8.GetBytes(CatalogueRecords.Key),
            Value = value,
        }).WaitAsync(CallTimeout);

    /// <summary>The committed copies in all partitions of stages, partition by partition.</summary>
    private List<(int Partition, CatalogueInForce Record)> Copies()
    {
        using var registry = Registry();
        var serde = Serde<StageEvent>(registry, StageTopic);
        using var reader = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = dev.Deployment.Bootstrap,
            GroupId = "catalogue-tests",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = IsolationLevel.ReadCommitted,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        using var admin = new AdminClientBuilder(new AdminClientConfig
        {
            BootstrapServers = dev.Deployment.Bootstrap,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).Build();
        var partitions = admin.GetMetadata(StageTopic, CallTimeout).Topics.Single().Partitions.Count;
        var copies = new List<(long Order, int Partition, CatalogueInForce Record)>();
        for (var partition = 0; partition < partitions; partition++)
        {
            reader.Assign(new TopicPartitionOffset(StageTopic, partition, Offset.Beginning));
            var number = 0;
            while (true)
            {
                var record = reader.Consume(CallTimeout);
                Assert.NotNull(record);
                if (record.IsPartitionEOF)
                {
                    break;
                }
                if (Encoding.UTF8.GetString(record.Message.Key!) == CatalogueRecords.Key)
                {
                    copies.Add((number++, partition, serde.Deserialize(record.Message.Value!).Catalogue!));
                }
            }
        }
        return [.. copies.OrderBy(copy => copy.Order).Select(copy => (copy.Partition, copy.Record))];
    }
}
