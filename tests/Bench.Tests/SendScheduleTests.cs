using Alloc.Bench;
using Alloc.Client;
using Alloc.Replay;
using Microsoft.Extensions.Time.Testing;

namespace Bench.Tests;

/// <summary>Latency is measured from when a command was due, so that a stall shows in full.</summary>
public sealed class SendScheduleTests
{
    private const int Count = 10_000;
    // Early enough that time stamps are exact as floating-point numbers, which the expected ones are.
    private readonly FakeTimeProvider time = new(new DateTimeOffset(12_345, TimeSpan.Zero));

    [Theory]
    [InlineData(1_000.0)]
    [InlineData(3.0)]
    [InlineData(61_814.7)]
    public void Commands_are_due_at_a_fixed_rate_from_the_start_on(double perSecond)
    {
        var schedule = SendSchedule.FromNow(time, perSecond);

        for (long index = 0; index < Count; index++)
        {
            var exact = schedule.StartedAt + (index * (time.TimestampFrequency / perSecond));
            Assert.InRange(schedule.DueAt(index), exact - 1, exact);
        }
    }

    [Fact]
    public void Nothing_is_sent_early_and_nothing_is_left_out()
    {
        var sent = new List<long>();

        SendSchedule.FromNow(time, 1_000).Follow(time, Count, () => Pass(0.0007), (index, dueAt) =>
        {
            Assert.InRange(time.GetTimestamp(), dueAt, dueAt + Ticks(0.0007));
            sent.Add(index);
        });

        Assert.Equal(Enumerable.Range(0, Count).Select(n => (long)n), sent);
    }

    [Fact]
    public void A_stalled_sender_shows_in_the_latency_of_all_that_were_due_meanwhile()
    {
        var byDue = new LatencyMeasure(time);
        var bySending = Latencies.Create();

        // A thousand a second; outcomes come as soon as a command is sent, but the sender stands still for a second.
        SendSchedule.FromNow(time, 1_000).Follow(time, Count, () => Pass(0.0001), (index, dueAt) =>
        {
            byDue.Asked(index, dueAt);
            if (index == 5_000)
            {
                Pass(1);
            }
            var sentAt = time.GetTimestamp();
            byDue.Answered(index);
            bySending.Record(time.GetElapsedTime(sentAt));
        });

        var histogram = byDue.Finish();
        Assert.Equal(Count, histogram.TotalCount);
        // A tenth of the commands waited, evenly between nothing and a second: their median is half of it.
        Assert.InRange(histogram.PercentileMs(0.89), 0, 2);
        Assert.InRange(histogram.PercentileMs(0.95), 480, 520);
        Assert.InRange(histogram.PercentileMs(0.999), 970, 1_001);
        Assert.InRange(histogram.PercentileMs(1), 990, 1_010);
        Assert.InRange(byDue.Backlog.TotalMilliseconds, 0, 1);
        // Measured from sending, the stall is not there at all.
        Assert.Equal(0, bySending.PercentileMs(1));
    }

    [Fact]
    public void A_load_beyond_what_is_decided_ends_with_a_backlog()
    {
        var measure = new LatencyMeasure(time);

        // A thousand a second are due, each takes 1.25 ms.
        SendSchedule.FromNow(time, 1_000).Follow(time, Count, () => Pass(0.0001), (index, dueAt) =>
        {
            measure.Asked(index, dueAt);
            Pass(0.00125);
            measure.Answered(index);
        });

        Assert.InRange(measure.Backlog.TotalSeconds, 2.4, 2.6);
        Assert.InRange(measure.AnsweredPerSecond, 790, 810);
    }

    [Fact]
    public void A_command_without_an_outcome_is_not_left_out_in_silence()
    {
        var measure = new LatencyMeasure(time);
        measure.Asked(1, time.GetTimestamp());
        measure.Asked(2, time.GetTimestamp());
        measure.Answered(1);
        measure.Answered(77);

        var error = Assert.Throws<AllocException>(measure.Finish);

        Assert.Contains("1 of 2 measured commands have no outcome", error.Message, StringComparison.Ordinal);
    }

    private static long Ticks(double seconds) => (long)(seconds * TimeSpan.TicksPerSecond);

    private void Pass(double seconds) => time.Advance(TimeSpan.FromTicks(Ticks(seconds)));
}
