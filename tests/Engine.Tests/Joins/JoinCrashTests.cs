using System.Diagnostics;
using Alloc.Engine.Runtime;
using Confluent.Kafka;
using Engine.Tests.Support;

namespace Engine.Tests.Joins;

/// <summary>
/// A join on the whole engine while both sides stream: kill -9, a second instance that joins and leaves, state that is
/// gone and comes back from checkpoints and changelogs. What should come out is reckoned from the inputs as they are in
/// the log.
/// </summary>
public sealed class JoinCrashTests(TestCluster cluster) : IClassFixture<TestCluster>, IDisposable
{
    private const int PartitionCount = 3;
    private readonly List<Process> processes = [];
    private readonly JoinApplication join = new(cluster.BootstrapServers, TestCluster.UniqueName("crash"));

    [Fact]
    public async Task Each_pair_and_each_unmatched_record_leaves_once_over_kills_and_rebalances_in_traffic()
    {
        JoinApplication.SkipWithoutProgram();
        foreach (var topic in new[] { join.Left, join.Right })
        {
            await cluster.CreateTopicAsync(topic, PartitionCount, ("message.timestamp.type", "LogAppendTime"));
        }
        await cluster.CreateTopicAsync(join.Out, 1);
        await cluster.CreateTopicAsync(join.Late, 1);
        var (state, checkpoints) = (cluster.NewDirectory("state"), cluster.NewDirectory("checkpoints"));
        var first = Start(state, checkpoints);
        await JoinApplication.HasTasksAsync(first, PartitionCount);
        using var stopping = new CancellationTokenSource();
        var traffic = Task.Run(() => Stream(stopping.Token));
        cluster.ReadUntil(join.Out, lines => lines.Count >= 100, 60);

        // A second instance joins; the first is killed in the middle of its work, and comes back with nothing.
        var second = join.Create("second", cluster.NewDirectory("state"), checkpoints);
        await using (second)
        {
            await second.StartAsync(CancellationToken.None);
            await Until.TrueAsync(() => second.State == StreamsState.Running && second.Tasks.Count is 1 or 2, "shared");
            await KillAsync(first);
            await Until.TrueAsync(() => second.Tasks.Count == PartitionCount, "all went to the second instance", 90);
            first = Start(cluster.NewDirectory("state"), checkpoints);
            await Until.TrueAsync(() => second.State == StreamsState.Running && second.Tasks.Count is 1 or 2, "again");
        }

        // The second leaves; the first is killed again, and comes back with the state that it had.
        await JoinApplication.HasTasksAsync(first, PartitionCount);
        await KillAsync(first);
        first = Start(state, checkpoints);
        await JoinApplication.HasTasksAsync(first, PartitionCount);
        await stopping.CancelAsync();
        await traffic;

        Assert.NotEmpty(Directory.EnumerateFiles(checkpoints, "*", SearchOption.AllDirectories));

        // Silence closes what is open, and whoever begins anew afterwards says nothing again.
        AssertComplete();
        await KillAsync(first);
        first = Start(state, checkpoints);
        await JoinApplication.HasTasksAsync(first, PartitionCount);
        Produce(join.Left, "last", "l-last");
        AssertComplete();
        Assert.Empty(cluster.ReadAll(join.Late));
    }

    public void Dispose()
    {
        foreach (var process in processes)
        {
            process.Kill();
            process.Dispose();
        }
    }

    private Process Start(string state, string checkpoints)
    {
        processes.Add(join.StartProcess("first", state, checkpoints));
        return processes[^1];
    }

    private async Task KillAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        processes.Remove(process);
        process.Dispose();
    }

    /// <summary>Keys with a pair, with several, with a record that comes too late for one, and with none.</summary>
    private void Stream(CancellationToken stopping)
    {
        using var producer = Producer();
        void Write(string topic, string side, int key, string name = "") => producer.Produce(
            topic, new Message<string, string> { Key = $"k{key}", Value = $"{side}{key}{name}" });
        for (var number = 100; !stopping.WaitHandle.WaitOne(10); number++)
        {
            Write(join.Left, "l", number);
            if (number % 7 == 0)
            {
                Write(join.Left, "l", number, "-again");
            }
            if (number % 3 > 0)
            {
                Write(join.Right, "r", number % 3 == 1 ? number - 10 : number + 11);
            }
            if (number % 5 == 0)
            {
                Write(join.Right, "r", number - 60, "-after");
            }
        }
        producer.Flush(TimeSpan.FromSeconds(30));
    }

    private void Produce(string topic, string key, string value)
    {
        using var producer = Producer();
        producer.Produce(topic, new Message<string, string> { Key = key, Value = value });
        producer.Flush(TimeSpan.FromSeconds(30));
    }

    private IProducer<string, string> Producer() => new ProducerBuilder<string, string>(
    [
        new("bootstrap.servers", cluster.BootstrapServers), new("partitioner", "murmur2_random"),
        new("enable.idempotence", "true"), new("linger.ms", "2"),
    ]).Build();

    /// <summary>What is in the output, read committed, is what the inputs make, and nothing left too early.</summary>
    private void AssertComplete()
    {
        var expected = Expected();

        var actual = cluster.ReadUntil(join.Out, lines => lines.Count >= expected.Count, 90);

        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Select(l => l.Value!)
            .Order(StringComparer.Ordinal));
        Assert.All(actual, line => Assert.True(
            line.TimestampMs >= expected[line.Value!], $"{line.Value} left {expected[line.Value!] - line.TimestampMs} "
                + "ms before it was due"));
    }

    /// <summary>Each result, and when it may leave at the earliest, by the timestamps that the broker gave.</summary>
    private Dictionary<string, long> Expected()
    {
        var (before, after, grace) = (
            (long)JoinApplication.Windows.Before.TotalMilliseconds,
            (long)JoinApplication.Windows.After.TotalMilliseconds,
            (long)JoinApplication.Windows.Grace.TotalMilliseconds);
        var rights = cluster.ReadAll(join.Right);
        var byKey = rights.ToLookup(r => r.Key);
        var expected = new Dictionary<string, long>(StringComparer.Ordinal);
        var matched = new HashSet<LogLine>();
        foreach (var left in cluster.ReadAll(join.Left))
        {
            var partners = byKey[left.Key].Where(right => right.TimestampMs >= left.TimestampMs - before
                && right.TimestampMs <= left.TimestampMs + after).ToList();
            matched.UnionWith(partners);
            foreach (var right in partners)
            {
                expected.Add($"{left.Value}+{right.Value}", Math.Max(left.TimestampMs, right.TimestampMs));
            }
            if (partners.Count == 0)
            {
                expected.Add($"{left.Value}+null", left.TimestampMs + after + grace);
            }
        }
        foreach (var right in rights.Where(r => !matched.Contains(r)))
        {
            expected.Add($"null+{right.Value}", right.TimestampMs + before + grace);
        }
        return expected;
    }
}
