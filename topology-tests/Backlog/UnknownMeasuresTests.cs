using Alloc.Processors.Backlog;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Workflow;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>What is not read yet switches no mode, neither on nor off.</summary>
public sealed class UnknownMeasuresTests : IDisposable
{
    private const int Items = 30;

    private readonly BacklogDriver backlog = new(partitions: 2);

    public UnknownMeasuresTests() => backlog.Apply(FraudSlow.Catalogue);

    public void Dispose() => backlog.Dispose();

    public static TheoryData<ModeMeasure, double, double> Measures => new()
    {
        { ModeMeasure.BreachedShare, 0.2, 0.05 },
        { ModeMeasure.OldestAge, 900_000, 60_000 },
        { ModeMeasure.DrainTime, 3_600_000, 60_000 },
    };

    [Theory]
    [MemberData(nameof(Measures))]
    public void What_left_while_the_application_was_down_and_is_not_read_yet_switches_nothing(
        ModeMeasure measure, double onAt, double offAt)
    {
        backlog.Apply(With(measure, onAt, offAt));
        Steady();
        backlog.Driver.PauseInput(backlog.Options.StageTopic, 0);
        backlog.Driver.PauseInput(backlog.Options.StageTopic, 1);
        LeaveAll();

        Away();

        Assert.Equal(Items, backlog.Status().Waiting);
        Assert.Equal([0, 1], StageKnowledge.Behind(backlog.Status()));
        Assert.Empty(backlog.Status().Missing);
        ReadAgain(backlog.Options.StageTopic, partitions: 2);
    }

    [Theory]
    [MemberData(nameof(Measures))]
    public void Nor_do_words_that_the_merger_has_not_read_yet(ModeMeasure measure, double onAt, double offAt)
    {
        backlog.Apply(With(measure, onAt, offAt));
        Steady();
        backlog.Driver.PauseInput(backlog.Options.DeltaTopic);
        LeaveAll();

        Away();

        Assert.Equal(Items, backlog.Status().Waiting);
        Assert.Equal([0, 1], backlog.Status().Missing);
        ReadAgain(backlog.Options.DeltaTopic, partitions: 1);
    }

    [Fact]
    public void While_a_partition_is_held_nothing_comes_on_and_when_all_is_known_it_does()
    {
        backlog.Driver.HoldWatermark(backlog.Options.StageTopic, 1);
        Send(StageEventKind.Entered, 0);
        backlog.Pass(TimeSpan.FromMinutes(20));
        Assert.Equal(Items, backlog.Status().Breached);
        Assert.Equal([1], StageKnowledge.Behind(backlog.Status()));
        CheckNothingSwitched();

        backlog.Driver.ReleaseWatermark(backlog.Options.StageTopic, 1);
        backlog.Pass(TimeSpan.FromSeconds(10));

        Assert.Empty(StageKnowledge.Behind(backlog.Status()));
        Assert.True(Assert.Single(backlog.Modes()).On);
        Assert.Equal(2, backlog.Commands().Count);
    }

    [Fact]
    public void Nor_does_anything_go_off_meanwhile()
    {
        Send(StageEventKind.Entered, 0);
        backlog.Pass(TimeSpan.FromMinutes(16));
        Assert.True(Assert.Single(backlog.Modes()).On);
        backlog.Commands();

        backlog.Driver.HoldWatermark(backlog.Options.StageTopic, 1);
        backlog.Pass(TimeSpan.FromSeconds(40));
        Send(StageEventKind.Left, 0);
        backlog.Pass(TimeSpan.FromMinutes(20));
        CheckNothingSwitched();

        backlog.Driver.ReleaseWatermark(backlog.Options.StageTopic, 1);
        backlog.Pass(TimeSpan.FromSeconds(15));
        Assert.False(Assert.Single(backlog.Modes()).On);
    }

    [Fact]
    public void A_partition_that_is_late_by_less_than_half_a_minute_is_known_well_enough()
    {
        Send(StageEventKind.Entered, 0);
        backlog.Pass(TimeSpan.FromMinutes(14));
        backlog.Driver.HoldWatermark(backlog.Options.StageTopic, 1);
        backlog.Pass(TimeSpan.FromSeconds(20));
        Assert.Empty(StageKnowledge.Behind(backlog.Status()));

        backlog.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal([1], StageKnowledge.Behind(backlog.Status()));
    }

    [Fact]
    public void By_drain_time_nothing_is_switched_before_the_stage_is_known_for_a_minute()
    {
        backlog.Apply(With(ModeMeasure.DrainTime, 3_600_000, 60_000));
        Send(StageEventKind.Entered, 0);
        backlog.Pass(TimeSpan.FromSeconds(50));
        Assert.Null(backlog.Status().Drain!.EstimateMs);
        CheckNothingSwitched();

        backlog.Driver.RestartFromJournal();
        backlog.Pass(TimeSpan.FromSeconds(50));
        CheckNothingSwitched();

        backlog.Pass(TimeSpan.FromSeconds(20));
        Assert.True(Assert.Single(backlog.Modes()).On);
    }

    private static OperationsCatalogue With(ModeMeasure measure, double onAt, double offAt) => FraudSlow.Catalogue with
    {
        Version = 2,
        Modes = [FraudSlow.Row with { Measure = measure, OnAt = onAt, OffAt = offAt }],
    };

    // As much leaves as enters, and thirty wait.
    private void Steady()
    {
        Send(StageEventKind.Entered, 0, 0, Items / 2);
        Send(StageEventKind.Entered, 1, Items / 2, Items);
        for (var n = Items; n < Items + 240; n += 2)
        {
            foreach (var kind in new[] { StageEventKind.Entered, StageEventKind.Left })
            {
                Send(kind, 0, n, n + 1);
                Send(kind, 1, n + 1, n + 2);
            }
            backlog.Pass(TimeSpan.FromSeconds(1));
        }
        CheckNothingSwitched();
    }

    private void LeaveAll()
    {
        Send(StageEventKind.Left, 0, 0, Items / 2);
        Send(StageEventKind.Left, 1, Items / 2, Items);
    }

    private void Send(StageEventKind kind, int partition, int from = 0, int to = Items)
    {
        for (var n = from; n < to; n++)
        {
            backlog.Send(Event($"o{n}", Fraud, 1, kind), partition: partition);
        }
    }

    // Down for twenty minutes; then it begins anew, and has not read what came meanwhile.
    private void Away()
    {
        backlog.Driver.StandStill(TimeSpan.FromMinutes(20));
        backlog.Driver.RestartFromJournal();
        backlog.Pass(TimeSpan.FromMinutes(2));
        CheckNothingSwitched();
    }

    private void ReadAgain(string topic, int partitions)
    {
        for (var partition = 0; partition < partitions; partition++)
        {
            backlog.Driver.ResumeInput(topic, partition);
        }
        backlog.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal(0, backlog.Status().Waiting);
        Assert.True(StageKnowledge.IsWhole(backlog.Status()));
        CheckNothingSwitched();
    }

    private void CheckNothingSwitched()
    {
        Assert.Empty(backlog.Modes());
        Assert.Empty(backlog.Commands());
    }
}
