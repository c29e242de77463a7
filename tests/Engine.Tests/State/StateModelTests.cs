using Alloc.Engine.State;

namespace Engine.Tests.State;

/// <summary>
/// The stores against dictionaries that are copied at every freeze: random writes, rollbacks, freezes, commits, aborts,
/// flushes and reopenings, with limits so low that layers are written and slots are given up all the time.
/// </summary>
public sealed class StateModelTests
{
    private const int StepCount = 1500;

    private static readonly StateStoreOptions Tight = new()
    {
        CachedEntryCount = 40,
        WriteAfterRecordCount = 60,
        MaximumUnwrittenRecordCount = 200,
    };

    [Theory]
    [InlineData(1, StateWritePath.Ingest, EntryForm.Objects)]
    [InlineData(2, StateWritePath.Ingest, EntryForm.Bytes)]
    [InlineData(3, StateWritePath.Batch, EntryForm.Objects)]
    [InlineData(4, StateWritePath.Ingest, EntryForm.Objects)]
    [InlineData(5, StateWritePath.Batch, EntryForm.Bytes)]
    [InlineData(6, StateWritePath.Ingest, EntryForm.Bytes)]
    public void Stores_answer_as_a_dictionary_would_whatever_happens_to_their_layers(
        int seed, StateWritePath path, EntryForm form)
    {
        using var fixture = new StateFixture(Tight with { WritePath = path }, form);
        var run = new ModelRun(fixture, seed);

        for (var step = 0; step < StepCount; step++)
        {
            run.Step();
        }

        run.CheckAll();
    }

    [Theory]
    [InlineData(11, EntryForm.Objects)]
    [InlineData(12, EntryForm.Bytes)]
    public void Stores_answer_as_a_dictionary_would_when_the_committing_thread_writes(int seed, EntryForm form)
    {
        using var fixture = new StateFixture(Tight with { WritesInBackground = false }, form);
        var run = new ModelRun(fixture, seed);

        for (var step = 0; step < StepCount; step++)
        {
            run.Step();
        }

        run.CheckAll();
    }

    /// <summary>The state and what it should be.</summary>
    private sealed class ModelRun(StateFixture fixture, int seed)
    {
        private readonly Random random = new(seed);
        private readonly Queue<(IStateLayer Layer, Model Model, long Offset)> frozen = new();
        private readonly Dictionary<long, Model> history = new() { [0] = new Model() };
        private Model committed = new();
        private Model active = new();
        private long offset;
        private int newItem = 1000;

        public void Step()
        {
            switch (random.Next(100))
            {
                case < 70:
                    Record(isRolledBack: random.Next(6) == 0);
                    break;
                case < 80:
                    frozen.Enqueue((fixture.State.Freeze(), active.Copy(), ++offset));
                    break;
                case < 90 when frozen.Count > 0:
                    Commit();
                    break;
                case < 92:
                    fixture.State.DropUncommitted();
                    frozen.Clear();
                    active = committed.Copy();
                    break;
                case < 94:
                    fixture.State.Flush();
                    break;
                case < 95:
                    Reopen();
                    break;
                default:
                    CheckAll();
                    break;
            }
        }

        public void CheckAll()
        {
            active.AssertEquals(fixture);
            committed.AssertCommitted(fixture.State);
        }

        private void Commit()
        {
            var (layer, model, at) = frozen.Dequeue();
            fixture.State.MarkCommitted(layer, StateFixture.At(at));
            committed = model;
            history[at] = model;
        }

        private void Reopen()
        {
            fixture.Reopen();
            frozen.Clear();
            offset += 1000;
            var persisted = fixture.State.Position.NextOffset("journal") ?? 0;
            committed = history[persisted];
            committed.Volatile.Clear();
            active = committed.Copy();
        }

        private void Record(bool isRolledBack)
        {
            var before = active.Copy();
            fixture.State.BeginRecord();
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                Write();
            }
            active.AssertEarliest(fixture);
            if (isRolledBack)
            {
                fixture.State.RollbackRecord();
                active = before;
                active.AssertEarliest(fixture);
            }
            else
            {
                fixture.State.CommitRecord();
            }
        }

        private void Write()
        {
            var key = new PartKey("pool" + random.Next(4), random.Next(60));
            var text = new Text("v" + random.Next());
            switch (random.Next(8))
            {
                case 0 or 1:
                    fixture.ItemStore.Put(key, text);
                    active.Items[key] = text;
                    break;
                case 2:
                    fixture.ItemStore.Delete(key);
                    active.Items.Remove(key);
                    break;
                case 3 when !active.Items.ContainsKey(key):
                    Assert.Null(fixture.ItemStore.Get(key));
                    fixture.ItemStore.PutNew(key, text);
                    active.Items[key] = text;
                    break;
                case 4:
                    fixture.VolatileStore.Put(key.Pool, text);
                    active.Volatile[key.Pool] = text;
                    break;
                case 5 or 6:
                    Timer();
                    break;
                default:
                    Assert.Equal(active.Items.GetValueOrDefault(key), fixture.ItemStore.Get(key));
                    break;
            }
        }

        private void Timer()
        {
            var timer = (DueAtMs: (long)random.Next(-20, 400), Key: new PartKey("t", random.Next(3)));
            switch (random.Next(5))
            {
                case 0:
                    fixture.TimerIndex.Add(timer.DueAtMs, timer.Key);
                    active.Timers.Add(timer);
                    break;
                case 1:
                    fixture.TimerIndex.Remove(timer.DueAtMs, timer.Key);
                    active.Timers.Remove(timer);
                    break;
                case 2 when fixture.TimerIndex.TryPeek(out var dueAtMs, out var key):
                    fixture.TimerIndex.Remove(dueAtMs, key);
                    Assert.True(active.Timers.Remove((dueAtMs, key)));
                    break;
                default:
                    timer = (timer.DueAtMs, new PartKey("n", newItem++));
                    fixture.TimerIndex.AddNew(timer.DueAtMs, timer.Key);
                    active.Timers.Add(timer);
                    break;
            }
        }
    }

    private sealed class Model
    {
        public SortedDictionary<PartKey, Text> Items { get; private init; } = new(Order);

        public SortedDictionary<string, Text> Volatile { get; private init; } = new(StringComparer.Ordinal);

        public SortedSet<(long DueAtMs, PartKey Key)> Timers { get; private init; } = new(TimerOrder);

        private static Comparer<PartKey> Order { get; } = Comparer<PartKey>.Create((x, y) =>
        {
            var order = string.CompareOrdinal(x.Pool, y.Pool);
            return order != 0 ? order : x.Number.CompareTo(y.Number);
        });

        private static Comparer<(long DueAtMs, PartKey Key)> TimerOrder { get; } =
            Comparer<(long DueAtMs, PartKey Key)>.Create(
            (x, y) => x.DueAtMs != y.DueAtMs ? x.DueAtMs.CompareTo(y.DueAtMs) : Order.Compare(x.Key, y.Key));

        public Model Copy() => new()
        {
            Items = new SortedDictionary<PartKey, Text>(Items, Order),
            Volatile = new SortedDictionary<string, Text>(Volatile, StringComparer.Ordinal),
            Timers = new SortedSet<(long DueAtMs, PartKey Key)>(Timers, TimerOrder),
        };

        public void AssertEarliest(StateFixture fixture)
        {
            var found = fixture.TimerIndex.TryPeek(out var dueAtMs, out var key);
            Assert.Equal(Timers.Count > 0, found);
            if (found)
            {
                Assert.Equal(Timers.Min, (dueAtMs, key));
            }
        }

        public void AssertEquals(StateFixture fixture)
        {
            AssertEarliest(fixture);
            Assert.Equal(Items, fixture.ItemStore.All());
            Assert.Equal(Volatile, fixture.VolatileStore.All());
            Assert.Equal(Timers.Select(t => (t.DueAtMs, t.Key)), fixture.TimerIndex.Until(long.MaxValue)
                .Select(t => (t.Key, t.Value)));
            Assert.Equal(
                Timers.Where(t => t.DueAtMs <= 100).Select(t => (t.DueAtMs, t.Key)),
                fixture.TimerIndex.Until(100).Select(t => (t.Key, t.Value)));
            var (from, to) = (new PartKey("pool1", 10), new PartKey("pool2", 30));
            Assert.Equal(
                Items.Where(i => Order.Compare(i.Key, from) >= 0 && Order.Compare(i.Key, to) < 0),
                fixture.ItemStore.Range(from, to));
            Assert.Equal(Items.Where(i => i.Key.Pool == "pool3"), fixture.ItemStore.Prefix("pool3\0"u8.ToArray()));
        }

        public void AssertCommitted(ITaskState state)
        {
            var view = state.ReadCommitted<PartKey, Text>("items");
            Assert.Equal(Items, view.All());
            Assert.Equal(Items.Where(i => i.Key.Pool == "pool2"), view.Prefix("pool2\0"u8.ToArray()));
            var (from, to) = (new PartKey("pool1", 10), new PartKey("pool2", 30));
            Assert.Equal(
                Items.Where(i => Order.Compare(i.Key, from) >= 0 && Order.Compare(i.Key, to) < 0),
                view.Range(from, to));
            Assert.Empty(view.Range(to, from));
            Assert.Equal(
                Timers.Select(t => (t.DueAtMs, t.Key)),
                state.ReadCommitted().GetStore<ITimeIndex<PartKey>>("timers").Until(long.MaxValue)
                    .Select(t => (t.Key, t.Value)));
            foreach (var number in Enumerable.Range(0, 60))
            {
                var key = new PartKey("pool0", number);
                Assert.Equal(Items.GetValueOrDefault(key), view.Get(key));
            }
            Assert.Equal(Volatile, state.ReadCommitted<string, Text>("volatile").All());
        }
    }
}
