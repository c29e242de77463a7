using System.Net;
using Alloc.Client;
using Alloc.Schemas.Catalogue;
using Alloc.Tests.Support;
using Confluent.Kafka;

namespace Host.Tests;

/// <summary>An instance starts without a command line: topics, contracts, applications, health.</summary>
public sealed class InstanceTests(InstanceTests.Started started) : IClassFixture<InstanceTests.Started>
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_it_runs_it_is_alive_and_ready()
    {
        using var http = new HttpClient { BaseAddress = started.Instance.Console };

        foreach (var path in new[] { "healthz", "readyz" })
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public void The_topics_of_the_catalogue_are_there_with_their_partitions()
    {
        using var admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = started.Instance.Client.Bootstrap }).Build();

        var counts = admin.GetMetadata(CallTimeout).Topics.ToDictionary(t => t.Topic, t => t.Partitions.Count);

        Assert.All(TopicCatalogue.Load().Topics, t => Assert.Equal(t.PartitionCount, counts[t.Name]));
    }

    [Fact]
    public async Task The_contracts_of_the_topics_are_registered()
    {
        using var http = new HttpClient { BaseAddress = started.Instance.Client.Registry };

        var subjects = await http.GetStringAsync(new Uri("subjects", UriKind.Relative), Cancellation);

        Assert.All(
            TopicCatalogue.Load().Topics.Where(t => t.Schema is not null),
            t => Assert.Contains($"\"{t.Subject}\"", subjects, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_number_of_partitions_than_there_are_is_refused_because_keys_would_move()
    {
        var e = await Assert.ThrowsAsync<AllocException>(
            () => started.Instance.StartHostAsync("second", started.Instance.Client, partitionCount: 9));

        Assert.Equal(FailureKind.Failed, e.Kind);
        Assert.Contains("has 4 partitions, not 9", e.Message, StringComparison.Ordinal);
    }

    public sealed class Started : IAsyncLifetime
    {
        internal OneInstance Instance { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Instance = await OneInstance.StartAsync();

        public ValueTask DisposeAsync() => Instance.DisposeAsync();
    }
}
