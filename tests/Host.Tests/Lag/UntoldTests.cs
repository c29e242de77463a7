using System.Text;
using Alloc.Host.Lag;
using Alloc.Host.Metrics;

namespace Host.Tests.Lag;

/// <summary>What the watch says of what it is not told: it is said to be unknown, and never left away.</summary>
public sealed class UntoldTests
{
    private const string Refusal = "its coordinator refuses its offsets with error code 14";
    private const string Age = "alloc_lag_watch_age_seconds";
    private static readonly TimeSpan TestTime = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_group_whose_offsets_are_refused_from_the_start_is_unknown_with_its_problem_until_they_are_told()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 5);
        cluster.Commit("refused", "in", 3);
        cluster.Commit("told", "in", 5);
        var isRefused = true;
        var watch = cluster.Watch(source: new ChangedGroups(
            GroupSource.For(cluster.Client),
            g => isRefused && g.Name == "refused" ? g with { Committed = null, Problem = Refusal } : g));
        using var gauges = new Gauges(cluster, watch);

        var looks = Enumerable.Range(0, 8).Select(_ => cluster.Look(watch, TimeSpan.FromSeconds(5))).ToList();
        var whileRefused = await gauges.ScrapeAsync();
        isRefused = false;
        var after = cluster.Look(watch, TimeSpan.FromSeconds(5));

        foreach (var look in looks)
        {
            var group = look.Groups.Single(g => g.Name == "refused");
            Assert.Equal((ConsumerStatus.Unknown, Refusal), (group.Status, group.Problem));
            Assert.Null(group.Age(0));
            Assert.Null(look.Groups.Single(g => g.Name == "told").Problem);
        }
        Assert.Contains("alloc_consumer_groups{state=\"unknown\"} 1\n", whileRefused, StringComparison.Ordinal);
        Assert.Contains("alloc_consumer_groups{state=\"watched\"} 1\n", whileRefused, StringComparison.Ordinal);
        Assert.Equal(2, cluster.Read(after, "refused", "in").Lag.LagRecords);
        Assert.Null(after.Groups.Single(g => g.Name == "refused").Problem);
        Assert.Contains(
            "alloc_consumer_groups{state=\"unknown\"} 0\n", await gauges.ScrapeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_of_which_nothing_is_told_give_way_to_others_where_there_are_more_than_are_watched()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        foreach (var name in new[] { "a-refused", "b-refused", "c" })
        {
            cluster.Commit(name, "in", 0);
        }
        var watch = cluster.Watch(
            o => o with { MostGroups = 2 },
            new ChangedGroups(GroupSource.For(cluster.Client), g => g.Name.EndsWith("refused", StringComparison.Ordinal)
                ? g with { Committed = null, Problem = Refusal }
                : g));

        var report = cluster.Look(watch);

        Assert.Equal(["a-refused", "c"], report.Groups.Select(g => g.Name));
        Assert.Equal(1, report.Beyond);
    }

    [Fact]
    public async Task Where_members_are_not_told_nobody_says_that_there_are_none()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 5);
        cluster.Commit("newer", "in", 3);
        // As a group of the newer protocol is answered who asks in the older way.
        var watch = cluster.Watch(source: new ChangedGroups(
            GroupSource.For(cluster.Client), g => g with { State = "Dead", Members = [] }));

        var (lag, _) = cluster.Read(cluster.LookForAWindow(watch), "newer", "in");

        Assert.Equal(
            (2L, ConsumerStatus.Stop, "its coordinator does not tell who has it"),
            (lag.LagRecords, lag.Status, lag.Why));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_watch_that_never_gets_through_to_a_broker_that_is_absent_or_refuses_grows_old(bool refuses)
    {
        await using var cluster = await WatchedCluster.StartAsync(isSecured: refuses);
        var watch = cluster.Watch(o => o with { Client = refuses ? cluster.Stranger : cluster.Client });
        using var gauges = new Gauges(cluster, watch);
        if (!refuses)
        {
            await cluster.StopBrokerAsync();
        }

        var report = cluster.Look(watch, TimeSpan.FromMinutes(10));
        var age = (await gauges.ScrapeAsync())
            .Split('\n').Single(l => l.StartsWith($"{Age} ", StringComparison.Ordinal));

        Assert.NotNull(report.Problem);
        Assert.Equal(0, report.AtMs);
        Assert.InRange(
            double.Parse(age.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), 600,
            600 + TestTime.TotalSeconds);
    }

    /// <summary>What one watch tells Prometheus, and no other of this process.</summary>
    private sealed class Gauges : IDisposable
    {
        private readonly LagMetrics metrics;
        private readonly PrometheusMetrics exporter;

        public Gauges(WatchedCluster cluster, LagWatch watch)
        {
            var meter = $"UntoldTests.{Guid.NewGuid()}";
            exporter = new PrometheusMetrics(meter);
            metrics = new LagMetrics(watch, cluster.Clock, meter);
        }

        public async Task<string> ScrapeAsync()
        {
            using var output = new MemoryStream();
            await exporter.WriteAsync(output, Cancellation);
            return Encoding.UTF8.GetString(output.ToArray());
        }

        public void Dispose()
        {
            metrics.Dispose();
            exporter.Dispose();
        }
    }
}
