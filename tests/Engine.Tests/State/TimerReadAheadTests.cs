using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Engine.Tests.State;

/// <summary>What the earliest timer costs while timers are removed from the head and new ones come.</summary>
public sealed class TimerReadAheadTests
{
    [Fact]
    public void Timers_that_leave_memory_do_not_make_the_database_be_read_from_the_head_again()
    {
        using var database = new CountingDatabase();
        using var state = new TaskState(
            new TaskStateOptions { TaskId = new TaskId(0, 0), Directory = "memory", Stores = [StateFixture.Timers] },
            database, new StateWriter(new StateStoreOptions { WritesInBackground = false }));
        var timers = state.GetStore<ITimeIndex<PartKey>>("timers");
        Write(() =>
        {
            for (var number = 0; number < 3_000; number++)
            {
                timers.Add(number, new PartKey("t", number));
            }
        }, 1);
        var before = database.CursorCount;
        for (var number = 0; number < 1_500; number++)
        {
            Write(() =>
            {
                Assert.True(timers.TryPeek(out var dueAtMs, out var key));
                Assert.Equal(number, dueAtMs);
                timers.Remove(dueAtMs, key);
                timers.Add(3_000 + number, new PartKey("t", number));
                Assert.Equal(
                    Enumerable.Range(number + 1, 70).Select(n => (long)n),
                    timers.Until(long.MaxValue).Take(70).Select(t => t.Key));
            }, number + 2);
        }

        Assert.InRange(database.CursorCount - before, 1, 60);

        void Write(Action write, long offset)
        {
            state.BeginRecord();
            write();
            state.CommitRecord();
            state.MarkCommitted(state.Freeze(), StateFixture.At(offset));
            if (offset % 20 == 1)
            {
                state.Flush();
            }
        }
    }
}
