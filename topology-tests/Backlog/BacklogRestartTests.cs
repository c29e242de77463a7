using Alloc.Engine.State;
using Alloc.Processors.Backlog;
using Alloc.Schemas.Backlog;

namespace Topology.Tests.Backlog;

/// <summary>Whoever takes over in the middle ends where the other would have.</summary>
public sealed class BacklogRestartTests
{
    private static readonly Lazy<(StageStatus Status, IReadOnlyList<AgingAlert> Alerts, IReadOnlyList<ModeState> Modes)>
        Whole = new(() => Run(null));

    [Theory]
    [InlineData(3)]
    [InlineData(13)]
    [InlineData(26)]
    public void A_restart_in_the_middle_gives_the_same_end(int restartAfterMinutes)
    {
        var (whole, wholeAlerts, wholeModes) = Whole.Value;
        var (parted, partedAlerts, partedModes) = Run(restartAfterMinutes);

        Assert.Equal(Comparable(whole), Comparable(parted));
        Assert.Equal(
            wholeAlerts.Select(a => (a.WorkId, a.Kind, a.StageId, a.ExpiresAtMs)).Order(),
            partedAlerts.Select(a => (a.WorkId, a.Kind, a.StageId, a.ExpiresAtMs)).Order());
        Assert.Equal(wholeModes.Select(m => (m.Mode, m.On)), partedModes.Select(m => (m.Mode, m.On)));
    }

    [Fact]
    public void A_restart_restores_every_timer_and_they_are_due_in_order()
    {
        using var backlog = new BacklogDriver();
        var flow = new OrderFlow(backlog) { Arrivals = 1, Decisions = 0.2, HasHolds = false };
        flow.Run(TimeSpan.FromMinutes(13));
        CheckTimers(backlog, "before");
        backlog.Driver.RestartFromJournal();
        CheckTimers(backlog, "after");

        flow.Run(TimeSpan.FromMinutes(6), () => CheckTimers(backlog, $"at {backlog.NowMs}"));

        var due = backlog.NowMs - 5_000;
        var timers = backlog.Driver.GetStore<ITimeIndex<ItemKey>>(BacklogStores.Timers);
        Assert.DoesNotContain(timers.Until(due - 1), t => t.Key < due);
    }

    private static void CheckTimers(BacklogDriver backlog, string when)
    {
        var timers = backlog.Driver.GetStore<ITimeIndex<ItemKey>>(BacklogStores.Timers);
        var works = backlog.Driver.GetStore<IKeyValueStore<string, WaitingWork>>(BacklogStores.Works);
        var expected = works.All().SelectMany(w => w.Value.Stages.Select(s =>
            (s.TimerAtMs, new ItemKey(w.Key, s.StageId)))).OrderBy(t => t.TimerAtMs)
            .ThenBy(t => t.Item2.WorkId, StringComparer.Ordinal).ThenBy(t => t.Item2.StageId, StringComparer.Ordinal);
        Assert.Equal(expected.Select(t => $"{when}: {t}"), timers.Until(long.MaxValue - 1)
            .Select(t => $"{when}: {(t.Key, t.Value)}"));
        Assert.Equal(expected.Select(t => (long?)t.TimerAtMs).FirstOrDefault(),
            timers.TryPeek(out var dueAtMs, out _) ? dueAtMs : null);
    }

    private static (StageStatus Status, IReadOnlyList<AgingAlert> Alerts, IReadOnlyList<ModeState> Modes) Run(
        int? restartAfterMinutes)
    {
        using var backlog = new BacklogDriver(partitions: 2);
        var flow = new OrderFlow(backlog) { Arrivals = 1, Decisions = 2, Payments = 3 };
        for (var minute = 0; minute < 44; minute++)
        {
            flow.Decisions = minute is >= 5 and < 30 ? 0.2 : 2;
            if (minute == restartAfterMinutes)
            {
                backlog.Driver.RestartFromJournal();
            }
            flow.Run(TimeSpan.FromMinutes(1));
        }
        return (backlog.Status(), backlog.Alerts(), backlog.Modes());
    }

    private static (long, long, long, long, long, long, long, long) Comparable(StageStatus s) => (
        s.Waiting, s.Completed, s.CompletedLate, s.Breached, s.HoldsAtRisk, s.Retries, s.Duplicates, s.AgeP99Ms);
}
