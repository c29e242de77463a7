using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Client.Outcomes;
using Confluent.Kafka;

namespace Host.Tests.Lag;

/// <summary>What an instance tells of the groups on its topics: its own, and one of another program.</summary>
public sealed class GroupsOfAnInstanceTests(InstanceTests.Started started) : IClassFixture<InstanceTests.Started>
{
    private const string Group = "somebody-else";
    private const string DeadLetters = TopicNames.Commands + ".dlq";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_are_in_the_metrics_and_in_the_HTTP_API_each_series_once()
    {
        await ReadSomethingAsync();

        var scrape = await UntilAsync("metrics", text => text.Contains(
            $"alloc_consumer_status{{group=\"{Group}\"", StringComparison.Ordinal));
        var answer = JsonNode.Parse(await UntilAsync("v1/groups", text => text.Contains(
            Group, StringComparison.Ordinal)))!;

        var series = scrape.Split('\n').Where(l => l.StartsWith("alloc_", StringComparison.Ordinal)).ToList();
        foreach (var (name, value) in new[]
        {
            ("alloc_consumer_lag_records", 2.0), ("alloc_consumer_lag_seconds", -1),
            ("alloc_consumer_stalled_seconds", -1),
        })
        {
            var theirs = Assert.Single(series, l => l.StartsWith(
                $"{name}{{group=\"{Group}\",topic=\"{DeadLetters}\",partition=\"0\"}}",
                StringComparison.Ordinal));
            var seen = double.Parse(theirs.Split(' ')[1], CultureInfo.InvariantCulture);
            Assert.True(value < 0 ? seen > 0 : seen == value, theirs);
            Assert.Equal(4, series.Count(l => l.StartsWith(
                $"{name}{{group=\"allocation\",topic=\"{TopicNames.Commands}\"", StringComparison.Ordinal)));
        }
        Assert.Equal(4, series.Count(l => l.StartsWith(
            $"alloc_consumer_status{{group=\"allocation\",topic=\"{TopicNames.Commands}\"", StringComparison.Ordinal)));
        Assert.Equal(series.Count, series.Select(l => l.Split(' ')[0]).Distinct().Count());
        Assert.Contains("alloc_consumer_groups{state=\"beyond\"} 0", series);
        var groups = answer["groups"]!.AsArray();
        Assert.Equal(
            [Group, "allocation"],
            groups.Select(g => g!["group"]!.GetValue<string>()).OrderDescending(StringComparer.Ordinal));
        var partition = groups.Single(g => g!["group"]!.GetValue<string>() == Group)!["partitions"]!.AsArray()
            .Single()!;
        Assert.Equal(
            (1L, 3L, 2L),
            (partition["committed"]!.GetValue<long>(), partition["end"]!.GetValue<long>(),
                partition["lag"]!.GetValue<long>()));
    }

    /// <summary>Three records, of which a group of its own has read one.</summary>
    private async Task ReadSomethingAsync()
    {
        var bootstrap = started.Instance.Client.Bootstrap;
        using (var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = bootstrap })
            .Build())
        {
            for (var n = 0; n < 3; n++)
            {
                await producer.ProduceAsync(
                    new TopicPartition(DeadLetters, 0), new Message<Null, byte[]> { Value = [1] },
                    Cancellation);
            }
        }
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(
            new ConsumerConfig { BootstrapServers = bootstrap, GroupId = Group, EnableAutoCommit = false }).Build();
        consumer.Commit([new TopicPartitionOffset(DeadLetters, 0, 1)]);
    }

    private async Task<string> UntilAsync(string path, Func<string, bool> isSo)
    {
        using var http = new HttpClient { BaseAddress = started.Instance.Console };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (true)
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), deadline.Token);
            var text = await answer.Content.ReadAsStringAsync(deadline.Token);
            if (isSo(text))
            {
                return text;
            }
            await ticks.WaitForNextTickAsync(deadline.Token);
        }
    }
}
