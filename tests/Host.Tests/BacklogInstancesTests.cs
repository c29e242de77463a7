using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Client;
using Alloc.Host;
using Alloc.Host.Roles;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Workflow;
using Alloc.Tests.Support;
using Confluent.Kafka;

namespace Host.Tests;

/// <summary>The backlog over two instances: whichever is asked answers for both, or says what it is without.</summary>
[Collection("instances")]
public sealed class BacklogInstancesTests : IAsyncLifetime
{
    private const int WorkCount = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(180);
    private static readonly HashSet<InstanceRole> Roles = [InstanceRole.Backlog];
    private OneInstance services = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_instance_answers_for_the_work_of_all_of_them()
    {
        await using var first = await services.StartHostAsync("first", services.Client, roles: Roles);
        await using var second = await services.StartHostAsync("second", services.Client, roles: Roles);
        await EnterAsync("ReadyForFulfillment");

        foreach (var host in new[] { first, second })
        {
            for (var n = 0; n < WorkCount; n++)
            {
                var work = await UntilAsync(host, $"v1/waiting/work-{n}", _ => true);
                Assert.Equal("ReadyForFulfillment", (string)work["stages"]![0]!["stageId"]!);
            }
            var stage = await UntilAsync(
                host, "v1/stages/ReadyForFulfillment", s => (long)s["waiting"]! == WorkCount
                    && s["missing"]!.AsArray().Count == 0 && s["behind"]!.AsArray().Count == 0);
            Assert.Equal(WorkCount, stage["partitions"]!.AsArray().Sum(p => (long)p!["waiting"]!));
            await UntilAsync(host, "v1/holds-at-risk", a => (bool)a["complete"]!);
        }
    }

    [Fact]
    public async Task What_an_instance_had_that_is_gone_is_named_until_the_other_has_it()
    {
        await using var first = await services.StartHostAsync("first", services.Client, roles: Roles);
        var second = await services.StartHostAsync("second", services.Client, roles: Roles);
        await UntilAsync(second, "v1/tasks", t => t["inputs"]!.AsArray().Any(
            i => (string)i!["topic"]! == "workflow.stages" && (bool)i["isHere"]!));
        await UntilAsync(first, "v1/holds-at-risk", a => (bool)a["complete"]!);

        // A static member does not leave: its partitions are its own until its session ends.
        await second.DisposeAsync();
        var partial = await UntilAsync(first, "v1/holds-at-risk", _ => true);
        var whole = await UntilAsync(first, "v1/holds-at-risk", a => (bool)a["complete"]!);

        Assert.NotEmpty(partial["missing"]!.AsArray());
        Assert.All(partial["missing"]!.AsArray(), m => Assert.NotEqual("", (string)m!["why"]!));
        Assert.Empty(whole["missing"]!.AsArray());
    }

    public async ValueTask InitializeAsync() => services = await OneInstance.StartServicesOnlyAsync();

    public ValueTask DisposeAsync() => services.DisposeAsync();

    private async Task EnterAsync(string stageId)
    {
        using var registry = Registries.Client(services.Client, TimeProvider.System);
        var events = new AvroSerde<StageEvent>(registry, ConfluentFraming.SubjectOf("workflow.stages"));
        await events.InitializeAsync(Cancellation);
        using var producer = new ProducerBuilder<byte[], byte[]>(
            new ProducerConfig { BootstrapServers = services.Client.Bootstrap }).Build();
        for (var n = 0; n < WorkCount; n++)
        {
            var key = Encoding.UTF8.GetBytes($"work-{n}");
            await producer.ProduceAsync(
                new TopicPartition("workflow.stages", PoolPartition.OfKey(key, 4)),
                new Message<byte[], byte[]>
                {
                    Key = key,
                    Value = events.Serialize(new StageEvent
                    {
                        WorkId = $"work-{n}",
                        StageId = stageId,
                        Kind = StageEventKind.Entered,
                    }),
                },
                Cancellation);
        }
    }

    private static async Task<JsonNode> UntilAsync(AllocationHost host, string path, Func<JsonNode, bool> isExpected)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{host.ConsolePort}") };
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
            if (answer.StatusCode == HttpStatusCode.OK && isExpected(body))
            {
                return body;
            }
            Assert.True(
                TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{path}: {answer.StatusCode} {body}");
            await Task.Delay(100, Cancellation);
        }
    }
}
