using Alloc.Engine.Partitioning;
using Alloc.Engine.Runtime;
using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>
/// A fault of the program stops the task that it is met in, wherever it lies: no record is blamed for it, none is
/// skipped, and the other partitions go on.
/// </summary>
public sealed class ProgramFaultTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Partitions = 2;
    private static readonly int FaultyPartition = Murmur2.Partition("faulty"u8, Partitions);

    private static readonly string Elsewhere = Enumerable.Range(0, 100).Select(n => $"pool-{n}")
        .First(p => Murmur2.Partition(System.Text.Encoding.UTF8.GetBytes(p), Partitions) != FaultyPartition);

    /// <summary>Where the fault is, and the offset of the partition's first record that is not decided by it.</summary>
    public static TheoryData<LedgerFault, int?> Faults => new()
    {
        { LedgerFault.Processor, 1 },
        { LedgerFault.TimerRule, 2 },
        { LedgerFault.SinkSerializer, 1 },
        { LedgerFault.DeferredSerializer, null },
        { LedgerFault.Punctuator, null },
        { LedgerFault.BadRecordInPunctuator, null },
        { LedgerFault.Init, 0 },
        { LedgerFault.CommitObserver, null },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_task_stops_says_where_and_why_and_goes_on_with_a_mended_program(LedgerFault fault, int? at)
    {
        var run = await LedgerRun.CreateAsync(cluster, Partitions);
        run.Topology.Fault = fault;
        var options = run.Options();
        await using (var application = await run.StartAsync(options))
        {
            // The second record of the partition is the faulty one. Its timer is due by the third, and only there where
            // it is at fault: in the same transaction what it writes takes the place of what the record wrote.
            var faulty = fault == LedgerFault.TimerRule ? "timer 0 faulty" : "hold faulty";
            cluster.Produce(run.Commands, [("neighbour", "hold")], FaultyPartition);
            cluster.Produce(run.Commands, [(LedgerTopology.Faulty, faulty)], FaultyPartition);
            cluster.Produce(run.Commands, [("neighbour", "hold"), ("neighbour", "hold")], FaultyPartition);
            await Until.TrueAsync(() => application.Tasks.Any(t => t.IsStopped), "stopped");
            cluster.Produce(run.Commands, [(Elsewhere, "hold")]);
            cluster.ReadUntil(run.Outcomes, l => l.Any(o => o.Key == Elsewhere));

            var stopped = Assert.Single(application.Tasks, t => t.IsStopped);
            Assert.Equal(FaultyPartition, stopped.TaskId.Partition);
            Assert.Matches($"{run.Commands}-{FaultyPartition}@{at?.ToString() ?? "[0-9]+"}", stopped.WaitingFor!);
            Assert.Contains($"a fault in {fault}", stopped.WaitingFor, StringComparison.Ordinal);
            Assert.Equal(StreamsState.Running, application.State);
            var decided = cluster.ReadAll(run.Outcomes).Where(o => o.Partition == FaultyPartition).ToList();
            Assert.All(decided, o => Assert.True(
                LedgerTopology.Outcome.Parse(o.Value!).Offset < (at ?? int.MaxValue), o.Value));
        }

        run.Topology.Fault = LedgerFault.None;
        await using var mended = await run.StartAsync(options);

        await ExpectAllDecidedAsync(run, mended, 4);
    }

    [Fact]
    public async Task A_record_that_cannot_be_restored_stops_its_task_and_the_others_are_restored()
    {
        var run = await LedgerRun.CreateAsync(cluster, Partitions);
        await using (await run.StartAsync(run.Options()))
        {
            cluster.Produce(run.Commands, [(LedgerTopology.Faulty, "hold"), (Elsewhere, "hold")]);
            run.AssertExactlyOnce(2);
        }
        run.Topology.Fault = LedgerFault.Applier;
        var options = run.Options();
        await using (var application = await run.StartAsync(options))
        {
            await Until.TrueAsync(
                () => application.State == StreamsState.Running && application.Tasks.Count == Partitions
                    && application.Tasks.Any(t => t.IsStopped), "one stopped, the other ready");
            cluster.Produce(run.Commands, [(LedgerTopology.Faulty, "hold"), (Elsewhere, "hold")]);
            run.AssertExactlyOnce(3);

            var stopped = Assert.Single(application.Tasks, t => t.IsStopped);
            Assert.Contains($"{run.Outcomes}-{FaultyPartition}@0", stopped.WaitingFor, StringComparison.Ordinal);
            Assert.Contains("a fault in Applier", stopped.WaitingFor, StringComparison.Ordinal);
        }

        run.Topology.Fault = LedgerFault.None;
        await using var mended = await run.StartAsync(options);

        await ExpectAllDecidedAsync(run, mended, 4);
    }

    /// <summary>Every command is decided in the end, ticks aside, and none became a dead letter.</summary>
    private async Task ExpectAllDecidedAsync(LedgerRun run, StreamsApplication application, int inFaultyPartition)
    {
        await Until.RunningAsync(application);
        var commands = cluster.ReadAll(run.Commands).Where(c => c.Key != "$tick").ToList();
        var outcomes = cluster.ReadUntil(run.Outcomes, l => Originals(l).Count >= commands.Count);
        Assert.Equal(
            commands.Select(c => (c.Partition, c.Offset)).Order(),
            Originals(outcomes).Select(o => (o.Partition, o.Offset)).Order());
        Assert.InRange(commands.Count(c => c.Partition == FaultyPartition), 1, inFaultyPartition);
        Assert.Empty(cluster.ReadAll(run.DeadLetters));
        Assert.DoesNotContain(application.Tasks, t => t.IsStopped);
    }

    private static List<LedgerTopology.Outcome> Originals(List<LogLine> lines) =>
        [.. lines.Select(o => LedgerTopology.Outcome.Parse(o.Value!)).Where(o => o.IsOriginal)];
}
