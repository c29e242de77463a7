using Alloc.Host.Projection.Scanning;
using Microsoft.Extensions.Time.Testing;

namespace Host.Tests;

/// <summary>When partitions of the search are compared with the ledger.</summary>
public sealed class ScanScheduleTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Instant = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData(0.0, 3)]
    [InlineData(0.5, 4.5)]
    [InlineData(1.0, 6)]
    public void The_first_scan_comes_a_few_minutes_after_a_partition_has_caught_up(double jitter, double minutes)
    {
        var schedule = Schedule(Hour, jitter);
        Assert.Null(schedule.Next([0], []));
        time.Advance(Hour);
        Assert.Null(schedule.Next([0], [0]));

        time.Advance(TimeSpan.FromMinutes(minutes) - Instant);
        Assert.Null(schedule.Next([0], [0]));
        time.Advance(Instant);

        Assert.Equal(0, schedule.Next([0], [0]));
    }

    [Theory]
    [InlineData(0.0, 54)]
    [InlineData(1.0, 66)]
    public void The_next_one_comes_about_an_interval_after_the_last(double jitter, double minutes)
    {
        var schedule = Due(Schedule(Hour, jitter));

        schedule.Done(0, isScanned: true);
        time.Advance(TimeSpan.FromMinutes(minutes) - Instant);
        Assert.Null(schedule.Next([0], [0]));
        time.Advance(Instant);

        Assert.Equal(0, schedule.Next([0], [0]));
    }

    [Fact]
    public void One_that_came_to_no_result_is_tried_again_soon_and_is_overdue_until_it_does()
    {
        var schedule = Due(Schedule(Hour, 0));

        schedule.Done(0, isScanned: false);
        Assert.Null(schedule.Next([0], [0]));
        time.Advance(ScanSchedule.Again);
        Assert.Equal(0, schedule.Next([0], [0]));
        Assert.Equal([(0, ScanSchedule.First + ScanSchedule.Again)], schedule.Overdue());

        schedule.Done(0, isScanned: true);
        Assert.Equal([(0, TimeSpan.Zero)], schedule.Overdue());
    }

    [Fact]
    public void One_that_is_behind_again_waits_and_is_overdue()
    {
        var schedule = Due(Schedule(Hour, 0));

        time.Advance(Hour);

        Assert.Null(schedule.Next([0], []));
        Assert.Equal([(0, ScanSchedule.First + Hour)], schedule.Overdue());
    }

    [Fact]
    public void One_that_is_elsewhere_is_forgotten_and_begins_anew_when_it_comes_back()
    {
        var schedule = Due(Schedule(Hour, 0));

        Assert.Null(schedule.Next([], []));
        Assert.Empty(schedule.Overdue());

        Assert.Null(schedule.Next([0], [0]));
    }

    [Fact]
    public void Of_several_the_one_that_is_due_for_longest_comes_first()
    {
        var schedule = Due(Schedule(Hour, 0));
        Assert.Equal(0, schedule.Next([0, 1], [0, 1]));
        time.Advance(ScanSchedule.First);

        schedule.Done(0, isScanned: true);

        Assert.Equal(1, schedule.Next([0, 1], [0, 1]));
    }

    [Fact]
    public void Switched_off_nothing_is_ever_due()
    {
        var schedule = Schedule(TimeSpan.Zero, 0);

        Assert.Null(schedule.Next([0], [0]));
        time.Advance(TimeSpan.FromDays(30));

        Assert.False(schedule.IsOn);
        Assert.Null(schedule.Next([0], [0]));
        Assert.Empty(schedule.Overdue());
    }

    private ScanSchedule Schedule(TimeSpan interval, double jitter) => new(interval, () => jitter, time);

    /// <summary>Partition 0 has been due for as long as the first scan waits.</summary>
    private ScanSchedule Due(ScanSchedule schedule)
    {
        schedule.Next([0], [0]);
        time.Advance(ScanSchedule.First * 2);
        Assert.Equal(0, schedule.Next([0], [0]));
        return schedule;
    }
}
