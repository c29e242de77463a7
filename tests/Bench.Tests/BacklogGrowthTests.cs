using System.Text.Json.Nodes;
using Alloc.Bench;

namespace Bench.Tests;

/// <summary>The part of the backlog's benchmark that needs no broker runs, and reports what it is to.</summary>
public sealed class BacklogGrowthTests
{
    [Fact]
    public async Task One_partition_is_measured_at_every_size_up_to_what_is_to_wait()
    {
        var run = new BenchRun(
            new BenchOptions { WorkDirectory = "unused", WaitingCount = 1_000 },
            new BenchReport(new JsonObject(), DateTimeOffset.UnixEpoch), TimeProvider.System, _ => { });

        await Task.Run(() => BacklogGrowth.Run(run, TestContext.Current.CancellationToken));

        Assert.Equal(4, run.Report.Figures.Count);
        Assert.All(run.Report.Figures, f => Assert.True(f.Value > 0, f.What));
    }
}
