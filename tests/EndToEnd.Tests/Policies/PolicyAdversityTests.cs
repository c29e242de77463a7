using System.Text.Json.Nodes;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Policies;

/// <summary>On the embedded broker.</summary>
public sealed class PolicyAdversityTests(EmbeddedPolicyCluster cluster)
    : PolicyAdversity(cluster), IClassFixture<EmbeddedPolicyCluster>;

/// <summary>On Apache Kafka, where one is at hand.</summary>
public sealed class PolicyAdversityOnApacheKafkaTests(ApachePolicyCluster cluster)
    : PolicyAdversity(cluster), IClassFixture<ApachePolicyCluster>;

/// <summary>
/// <c>alloc policy apply</c> when something goes wrong: it says so, nothing is half in force, and the same command
/// again finishes it. A wrong policy is never in force anywhere, whoever wrote it.
/// </summary>
public abstract class PolicyAdversity(PolicyCluster cluster)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Of_two_applies_at_once_one_wins_and_nothing_of_the_other_is_active_anywhere()
    {
        using var client = Client();
        for (var round = 0; round < 2; round++)
        {
            var version = await NextVersionAsync();
            string[] files = [Write(version, minutes: 11), Write(version, minutes: 12)];

            var runs = await Task.WhenAll(files.Select(file => Task.Run(() => ApplyAsync(file))));

            Assert.Equal([0, 1], runs.Select(run => run.ExitCode).Order());
            var lost = runs.Single(run => run.ExitCode == 1);
            Assert.Matches(
                "was applied in the meantime|was quicker|is there already with other content", lost.ToString());
            var hash = JsonNode.Parse(runs.Single(run => run.ExitCode == 0).Out)!["contentHash"]!.ToString();
            await InForceAsync(version, hash);
            for (var partition = 0; partition < CommandClient.PartitionCount; partition++)
            {
                Assert.All(
                    client.Journal(partition, Quiet).Select(outcome => outcome.Event)
                        .OfType<AllocationOutcomeEvent.PolicyActivated>().Where(taken => taken.Version == version),
                    taken => Assert.Equal(hash, taken.ContentHash));
            }
        }
    }

    [Fact]
    public async Task The_same_version_with_other_content_is_refused_and_counted()
    {
        var version = await NextVersionAsync();
        Assert.Equal(0, (await ApplyAsync(Write(version, minutes: 11))).ExitCode);
        await InForceAsync(version);

        var again = await ApplyAsync(Write(version, minutes: 12));
        var raw = await ActivateRawAsync(partition: 2, version, Canonical(version, minutes: 12));

        Assert.Equal(1, again.ExitCode);
        Assert.Contains(
            $"Version {version} is there already with other content", again.Error, StringComparison.Ordinal);
        var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(raw.Event);
        Assert.Equal(ReasonCode.PolicyConflict, Assert.Single(rejected.Reasons).Code);
        await MetricAsync("alloc_policies_refused_total{reason=\"PolicyConflict\"}", count => count >= 1);
        await InForceAsync(version, PolicyDocument.HashOf(Canonical(version, minutes: 11)));
    }

    [Fact]
    public async Task An_apply_whose_transaction_never_ends_leaves_nothing_and_the_next_one_shuts_it_out()
    {
        using var client = Client();
        var version = await NextVersionAsync();
        using var cutShort = new PolicyWriter(cluster.Deployment, client);
        cutShort.Begin();
        var document = Canonical(version, minutes: 11);
        await cutShort.WriteAsync(version, document, NowMs(), version - 1);
        await cutShort.ActivateAsync(1, version, document, NowMs(), "cut-short");

        Assert.Equal(version - 1, (await GetAsync()).Version);
        var run = await ApplyAsync(Write(version, minutes: 12));

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.ThrowsAny<KafkaException>(cutShort.Commit);
        await InForceAsync(version, PolicyDocument.HashOf(Canonical(version, minutes: 12)));
    }

    [Fact]
    public async Task A_policy_that_did_not_reach_every_partition_shows_as_unfinished_and_a_rerun_finishes_it()
    {
        using var client = Client();
        var version = await NextVersionAsync();
        var document = Canonical(version, minutes: 11);
        using (var half = new PolicyWriter(cluster.Deployment, client, "something-else"))
        {
            half.Begin();
            await half.WriteAsync(version, document, NowMs(), version - 1);
            await half.ActivateAsync(0, version, document, NowMs(), $"half-{version}");
            half.Commit();
        }

        var unfinished = await UntilAsync(get => get.Stands.Count(stand => stand != "Unanswered") == 1);
        Assert.Equal((5, version), (unfinished.ExitCode, unfinished.Version));
        Assert.True(unfinished.ExitCode == 5, unfinished.Error);
        await MetricAsync("alloc_policy_untaken_seconds{partition=\"1\"}", seconds => seconds > 0);

        var other = await ApplyAsync(Write(version, minutes: 12));
        var run = await ApplyAsync(Write(version, minutes: 11));

        Assert.Equal(1, other.ExitCode);
        Assert.True(run.ExitCode == 0, run.ToString());
        await InForceAsync(version, PolicyDocument.HashOf(document));
        await MetricAsync("alloc_policy_untaken_seconds{partition=\"1\"}", seconds => seconds == 0);
    }

    [Fact]
    public async Task An_apply_that_is_killed_while_it_writes_is_finished_by_a_rerun()
    {
        cluster.SkipUnlessPresent();
        for (var kill = 0; kill < 2; kill++)
        {
            var version = await NextVersionAsync();
            var file = Write(version, minutes: 11);
            var written = PolicyTopicEnd();
            await using (var apply = AllocProcess.Start(
                ["policy", "apply", file, "--yes", "-o", "json", .. cluster.Deployment.Options]))
            {
                using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
                while (PolicyTopicEnd() == written && !apply.HasExited)
                {
                    await ticks.WaitForNextTickAsync();
                }
                await apply.KillAsync();
            }

            var between = await GetAsync();
            Assert.Contains(between.Version, new[] { version - 1, version });
            var run = await ApplyAsync(file);

            Assert.True(run.ExitCode == 0, run.ToString());
            await InForceAsync(version);
        }
    }

    [Fact]
    public async Task An_apply_while_the_engine_is_away_says_so_and_is_taken_when_it_is_back()
    {
        cluster.SkipUnlessPresent();
        var version = await NextVersionAsync();
        var file = Write(version, minutes: 11);
        await cluster.Engine.KillAsync();

        var run = await AllocAsync("policy", "apply", file, "--yes", "--timeout", "3s", "-o", "json");
        var meanwhile = await GetAsync();

        Assert.Equal(6, run.ExitCode);
        Assert.Contains("the policy is written and they will take it", run.Error, StringComparison.Ordinal);
        Assert.Equal((5, version), (meanwhile.ExitCode, meanwhile.Version));
        Assert.All(meanwhile.Stands, stand => Assert.Equal("Unanswered", stand));
        await cluster.Engine.StartAsync();
        await InForceAsync(version);
        Assert.Equal(0, (await ApplyAsync(file)).ExitCode);
    }

    [Fact]
    public async Task A_wrong_policy_that_somebody_writes_to_the_topics_is_in_force_nowhere()
    {
        using var client = Client();
        var version = await NextVersionAsync();
        var wrong = Canonical(version, minutes: 11).Replace("\"default\":\"11m\"", "\"default\":\"3 days\"",
            StringComparison.Ordinal);
        for (var partition = 0; partition < CommandClient.PartitionCount; partition++)
        {
            var answer = await ActivateRawAsync(partition, version, wrong);

            var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(answer.Event);
            var reason = rejected.Reasons[0];
            Assert.Equal(ReasonCode.InvalidPolicy, reason.Code);
            Assert.Contains("ttl[0].default: '3 days' is no duration", reason.Detail, StringComparison.Ordinal);
            Assert.Equal(version - 1, answer.PolicyVersion);
        }
        await MetricAsync("alloc_policies_refused_total{reason=\"InvalidPolicy\"}", count => count >= 1);

        using (var foreign = new PolicyWriter(cluster.Deployment, client, "something-else"))
        {
            foreign.Begin();
            await foreign.WriteAsync(version, wrong, NowMs(), version - 1);
            foreign.Commit();
        }
        var get = await GetAsync();

        Assert.Equal((0, version - 1), (get.ExitCode, get.Version));
        Assert.Contains("what is no valid policy, and is passed over: ", get.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await ApplyAsync(Write(version, minutes: 12))).ExitCode);
        await InForceAsync(version);
    }

    private static long NowMs() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private CommandClient Client()
    {
        cluster.SkipUnlessPresent();
        return new CommandClient(cluster.Deployment);
    }

    private string Write(int version, int minutes)
    {
        var file = cluster.Directory[$"{version}-{minutes}.json"];
        File.WriteAllText(file, Canonical(version, minutes));
        return file;
    }

    private static string Canonical(int version, int minutes) =>
        PolicyDocument.Write(PolicyVersions.Version0 with
        {
            Version = version,
            TtlTable = [PolicyVersions.Version0.TtlTable[0] with { DefaultMs = minutes * 60_000 }],
        });

    private Task<CommandLineRun> AllocAsync(params string[] arguments) =>
        CommandLineRun.OfAsync([.. arguments, .. cluster.Deployment.Options]);

    private Task<CommandLineRun> ApplyAsync(string file) =>
        AllocAsync("policy", "apply", file, "--yes", "--timeout", "20s", "-o", "json");

    private async Task<AllocationOutcome> ActivateRawAsync(int partition, int version, string document)
    {
        using var client = Client();
        using var writer = new PolicyWriter(cluster.Deployment, client, "something-else");
        writer.Begin();
        var at = await writer.ActivateAsync(partition, version, document, NowMs(), $"raw-{version}-{partition}");
        writer.Commit();
        return await client.AnswerAsync(at);
    }

    private async Task<(int ExitCode, int Version, string[] Stands, string Hash, string Error)> GetAsync()
    {
        var run = await AllocAsync("policy", "get", "-o", "json");
        Assert.True(run.ExitCode is 0 or 5, run.ToString());
        var json = JsonNode.Parse(run.Out)!;
        return (run.ExitCode, json["version"]!.GetValue<int>(),
            [.. json["partitions"]!.AsArray().Select(partition => partition!["stand"]!.ToString())],
            json["contentHash"]!.ToString(), run.Error);
    }

    private async Task<int> NextVersionAsync()
    {
        cluster.SkipUnlessPresent();
        return (await GetAsync()).Version + 1;
    }

    private async Task<(int ExitCode, int Version, string[] Stands, string Hash, string Error)> UntilAsync(
        Func<(int ExitCode, int Version, string[] Stands, string Hash, string Error), bool> isSo)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var get = await GetAsync();
            if (isSo(get))
            {
                return get;
            }
            await ticks.WaitForNextTickAsync(deadline.Token);
        }
    }

    private async Task InForceAsync(int version, string? hash = null)
    {
        var get = await UntilAsync(g => g.Version == version && g.Stands.All(stand => stand == "InForce"));
        Assert.Equal((0, CommandClient.PartitionCount), (get.ExitCode, get.Stands.Length));
        Assert.Equal(hash ?? get.Hash, get.Hash);
    }

    private async Task MetricAsync(string series, Func<double, bool> isSo)
    {
        using var console = cluster.Console();
        await console.UntilAsync("metrics", answer => isSo(InstanceConsole.Metric(answer.Text, series)), Deadline);
    }

    private long PolicyTopicEnd()
    {
        using var reader = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = cluster.Deployment.Bootstrap,
            GroupId = "watch",
            IsolationLevel = IsolationLevel.ReadUncommitted,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        return reader.QueryWatermarkOffsets(new TopicPartition("allocation.policy", 0), Deadline).High.Value;
    }
}
