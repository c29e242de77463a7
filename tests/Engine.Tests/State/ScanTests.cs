using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Engine.Tests.State;

/// <summary>Scans in key order: what they give, and what they look at for it.</summary>
public sealed class ScanTests
{
    private const int QueueLength = 5_000;

    private static readonly byte[] QueuePrefix = "queue\0"u8.ToArray();

    [Theory]
    [InlineData(1, StateWritePath.Ingest, EntryForm.Objects)]
    [InlineData(2, StateWritePath.Batch, EntryForm.Bytes)]
    [InlineData(3, StateWritePath.Ingest, EntryForm.Bytes)]
    [InlineData(4, StateWritePath.Batch, EntryForm.Objects)]
    public void The_head_of_a_queue_is_right_whatever_was_taken_put_undone_written_and_given_up(
        int seed, StateWritePath path, EntryForm form)
    {
        using var fixture = new StateFixture(
            new StateStoreOptions { CachedEntryCount = 300, WriteAfterRecordCount = 200, WritePath = path }, form);
        var random = new Random(seed);
        var committed = new SortedSet<int>();
        var queue = new SortedSet<int>();
        var tail = 100_000;
        long offset = 0;
        for (var step = 0; step < 4_000; step++)
        {
            switch (random.Next(40))
            {
                case 0:
                    fixture.Commit(++offset);
                    committed = [.. queue];
                    break;
                case 1:
                    fixture.State.Flush();
                    break;
                case 2 when random.Next(8) == 0:
                    fixture.State.DropUncommitted();
                    queue = [.. committed];
                    break;
                default:
                    Record();
                    break;
            }
            var few = random.Next(1, 80);
            Assert.Equal(queue.Take(few), Head(fixture).Take(few));
        }
        Assert.Equal(queue, Head(fixture));

        void Record()
        {
            SortedSet<int> before = [.. queue];
            var grows = random.Next(3) == 0;
            fixture.State.BeginRecord();
            for (var index = random.Next(1, 60); index > 0; index--)
            {
                if (grows || queue.Count == 0)
                {
                    var number = random.Next(10) == 0 ? random.Next(100_000) : tail++;
                    fixture.ItemStore.Put(new PartKey("queue", number), new Text("waits"));
                    queue.Add(number);
                }
                else
                {
                    fixture.ItemStore.Delete(new PartKey("queue", queue.Min));
                    queue.Remove(queue.Min);
                }
                if (random.Next(20) == 0)
                {
                    // A read keeps an entry in memory, and gives up another one.
                    _ = fixture.ItemStore.Get(new PartKey("queue", random.Next(tail)));
                }
            }
            Assert.Equal(queue.Take(2), Head(fixture).Take(2));
            if (random.Next(6) == 0)
            {
                fixture.State.RollbackRecord();
                queue = before;
            }
            else
            {
                fixture.State.CommitRecord();
            }
        }
    }

    [Fact]
    public void Reads_of_single_entries_between_two_steps_of_a_scan_change_nothing_of_it()
    {
        using var fixture = new StateFixture(new StateStoreOptions { CachedEntryCount = 50 });
        fixture.Record(() => PutQueue(fixture.ItemStore, 2_000));
        fixture.Commit(1);
        fixture.State.Flush();

        var seen = new List<int>();
        foreach (var number in Head(fixture))
        {
            seen.Add(number);
            _ = fixture.ItemStore.Get(new PartKey("queue", (number * 7) % 2_000));
        }

        Assert.Equal(Enumerable.Range(0, 2_000), seen);
    }

    [Fact]
    public void Entries_that_are_written_and_given_up_between_two_steps_of_a_scan_are_not_missed()
    {
        using var fixture = new StateFixture(new StateStoreOptions { CachedEntryCount = 50 });
        for (var number = 0; number < 2_000; number++)
        {
            fixture.Record(() => fixture.ItemStore.Put(new PartKey("other", number), new Text("stored")));
            fixture.Commit(number + 1);
        }
        fixture.State.Flush();
        fixture.Record(() => PutQueue(fixture.ItemStore, 2_000));
        fixture.Commit(2_001);

        var seen = new List<int>();
        foreach (var number in Head(fixture))
        {
            seen.Add(number);
            if (number == 5)
            {
                fixture.State.Flush();
            }
            // Each read of an entry that is not in memory gives up some that are.
            Assert.NotNull(fixture.ItemStore.Get(new PartKey("other", number)));
        }

        Assert.Equal(Enumerable.Range(0, 2_000), seen);
    }

    [Fact]
    public void The_first_entries_cost_no_more_when_thousands_follow()
    {
        using var database = new CountingDatabase();
        using var state = Open(database);
        var store = state.GetStore<IKeyValueStore<PartKey, Text>>("items");
        Write(state, () => PutQueue(store, QueueLength), offset: 1);
        state.Flush();
        var before = database.EntryCount;

        Assert.Equal(3, store.Prefix(QueuePrefix).Take(3).Count());

        Assert.InRange(database.EntryCount - before, 1, 10);
    }

    [Fact]
    public void The_head_of_a_queue_costs_no_more_when_thousands_were_taken_from_it()
    {
        using var database = new CountingDatabase();
        using var state = Open(database);
        var store = state.GetStore<IKeyValueStore<PartKey, Text>>("items");
        Write(state, () => PutQueue(store, QueueLength), offset: 1);
        state.Flush();
        for (var number = 0; number < QueueLength - 10; number++)
        {
            var before = database.EntryCount;
            Write(state, () => Take(store, number), offset: number + 2);
            Assert.InRange(database.EntryCount - before, 0, 200);
        }

        Assert.Equal(10, store.Prefix(QueuePrefix).Count());
    }

    [Fact]
    public void An_entry_before_the_head_that_was_remembered_is_the_head()
    {
        using var database = new CountingDatabase();
        using var state = Open(database);
        var store = state.GetStore<IKeyValueStore<PartKey, Text>>("items");
        Write(state, () => PutQueue(store, 200), offset: 1);
        Write(state, () => Enumerable.Range(0, 150).ToList().ForEach(number => Take(store, number)), offset: 2);

        Write(state, () => store.Put(new PartKey("queue", 40), new Text("again")), offset: 3);

        Assert.Equal([40, 150], store.Prefix(QueuePrefix).Take(2).Select(entry => entry.Key.Number));
    }

    private static IEnumerable<int> Head(StateFixture fixture) =>
        fixture.ItemStore.Prefix(QueuePrefix).Select(entry => entry.Key.Number);

    private static void Take(IKeyValueStore<PartKey, Text> store, int expected)
    {
        var head = store.Prefix(QueuePrefix).First().Key;
        Assert.Equal(expected, head.Number);
        store.Delete(head);
    }

    private static void PutQueue(IKeyValueStore<PartKey, Text> store, int count)
    {
        for (var number = 0; number < count; number++)
        {
            store.Put(new PartKey("queue", number), new Text("waits"));
        }
    }

    private static void Write(TaskState state, Action write, long offset)
    {
        state.BeginRecord();
        write();
        state.CommitRecord();
        state.MarkCommitted(state.Freeze(), StateFixture.At(offset));
    }

    private static TaskState Open(CountingDatabase database) => new(
        new TaskStateOptions { TaskId = new TaskId(0, 0), Directory = "memory", Stores = [StateFixture.Items] },
        database,
        new StateWriter(new StateStoreOptions { WritesInBackground = false, WriteAfterRecordCount = 1_000_000 }));
}
