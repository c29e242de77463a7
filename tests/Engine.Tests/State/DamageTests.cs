using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.State;

/// <summary>Whoever meets damage, in whichever store and on whichever way, says whose state it is.</summary>
public sealed class DamageTests
{
    private const int Entries = 30_000;
    private static readonly TaskId Task = new(0, 0);

    public static TheoryData<string> Reads => [.. Ways.Keys];

    private static Dictionary<string, Action<StateFixture>> Ways { get; } = new()
    {
        ["a get of each key"] = f => ForEach(n => f.ItemStore.Get(new PartKey("pool", n))),
        ["a scan of a store"] = f => f.ItemStore.All().Count(),
        ["a range of a store"] = f => f.ItemStore.Range(new PartKey("pool", 0), new PartKey("pool", Entries)).Count(),
        ["what the database has of a store"] = f => f.ItemStore.Stored(new PartKey("pool", 0)).Count(),
        ["a scan of another store"] = f => f.OtherStore.All().Count(),
        ["timers in order"] = f => f.TimerIndex.Until(long.MaxValue).Count(),
        ["a committed read of each key by another thread"] = f =>
        {
            var committed = f.State.ReadCommitted<PartKey, Text>("items");
            ForEach(n => committed.Get(new PartKey("pool", n)));
        },
        ["a committed scan by another thread"] = f => f.State.ReadCommitted<string, Text>("others").All().Count(),
    };

    [Theory]
    [MemberData(nameof(Reads))]
    public void Damage_is_met_by_reading_names_the_task_and_is_kept_for_its_thread(string way)
    {
        using var fixture = Filled();
        // The blocks with data; what opening reads is elsewhere: the first block, and the index at the end.
        DamagedFiles.Flip(Path.Combine(fixture.TaskDirectory, "db"), "*.sst", 0.1, 0.7);
        fixture.Reopen();

        var error = Assert.Throws<TaskCorruptedException>(() => Ways[way](fixture));
        var kept = Assert.Throws<TaskCorruptedException>(fixture.State.ThrowIfFailed);

        Assert.Equal([Task], error.Tasks);
        Assert.Equal([Task], kept.Tasks);
    }

    [Fact]
    public void Entries_that_cannot_be_decoded_are_damage_and_not_a_bad_record()
    {
        using var fixture = new StateFixture();
        fixture.Record(() => fixture.OtherStore.Put("a", new Text("not a number")));
        fixture.Commit(1);
        fixture.State.Flush();
        fixture.State.Dispose();
        using var state = StateFixture.Open(
            fixture.Provider, fixture.TaskDirectory,
            StoreDefinition.KeyValue("others", 254, Serdes.Utf8, new PickySerde()), StateFixture.Items,
            StateFixture.Timers, StateFixture.Volatile);
        var store = state.GetStore<IKeyValueStore<string, Text>>("others");

        Assert.Equal([Task], Assert.Throws<TaskCorruptedException>(() => store.Get("a")).Tasks);
        Assert.Equal([Task], Assert.Throws<TaskCorruptedException>(() => store.All().Count()).Tasks);
    }

    [Fact]
    public async Task A_suspended_task_that_is_found_damaged_when_it_is_closed_is_wiped_and_can_be_had_again()
    {
        var damages = new DamagedTasks(TimeProvider.System);
        var registry = new TaskRegistry(NullLogger.Instance);
        var wiped = new List<TaskId>();
        void Wipe(TaskId id)
        {
            wiped.Add(id);
            damages.Wiped(id);
        }
        using var writer = new StateWriter(new StateStoreOptions());
        var damaged = new FailingDatabase(() => throw new TaskCorruptedException("damaged", [new TaskId(0, 0)]));
        Suspend(registry, new TaskId(0, 0), damaged, writer);
        Suspend(registry, new TaskId(0, 1), new CountingDatabase(), writer);
        registry.Heard([], this, 1_000);

        await registry.CloseIdle(1_000 + 30_000, TimeSpan.FromSeconds(30), damages, Wipe)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.Equal([new TaskId(0, 0)], wiped);
        Assert.Equal(0, registry.OpenCount);
        Assert.True(registry.TryAcquire(new TaskId(0, 0), this, out var task));
        Assert.Null(task);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("the disk failed")]
    public async Task A_task_that_cannot_be_written_holds_nobody_else_up(string? ioError)
    {
        var options = new StateStoreOptions { WriteAfterRecordCount = 1, MaximumUnwrittenRecordCount = 10 };
        using var writer = new StateWriter(options);
        using var failing = NewState(new TaskId(0, 0), new FailingDatabase(() => throw (ioError is null
            ? new TaskCorruptedException("damaged", [new TaskId(0, 0)])
            : new IOException(ioError))), writer);
        using var healthy = NewState(new TaskId(0, 1), new CountingDatabase(), writer);
        Assert.ThrowsAny<Exception>(() =>
        {
            // All at once, so that what the failing one leaves unwritten is more than may be.
            for (var count = 0; count < 1_000; count++)
            {
                Put(failing, $"key-{count}");
            }
            Commit(failing);
            Assert.True(SpinWait.SpinUntil(() => failing.HasFailed, TimeSpan.FromSeconds(60)));
            failing.ThrowIfFailed();
        });

        var committing = System.Threading.Tasks.Task.Run(() =>
        {
            for (var count = 0; count < 100; count++)
            {
                Put(healthy, $"key-{count}");
                Commit(healthy);
            }
        });

        await committing.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Damage_that_comes_back_again_and_again_is_said_to_be_the_disks_and_ends()
    {
        var clock = Alloc.Engine.Testing.FakeClock.At(0);
        var damages = new DamagedTasks(clock);

        for (var time = 1; time <= DamagedTasks.Limit; time++)
        {
            damages.Add(Task, "damaged");
            damages.Wiped(Task);
            damages.Ready(Task);
        }
        clock.Advance(DamagedTasks.Calm);
        damages.Add(Task, "damaged long after");
        for (var time = 2; time <= DamagedTasks.Limit; time++)
        {
            damages.Wiped(Task);
            damages.Add(Task, "damaged");
        }
        damages.Wiped(Task);
        damages.Add(new TaskId(0, 1), "another's");

        var error = Assert.Throws<StreamsException>(() => damages.Add(Task, "damaged"));
        Assert.Contains("its disk or memory is faulty", error.Message, StringComparison.Ordinal);
    }

    private static StateFixture Filled()
    {
        var fixture = new StateFixture();
        ForEach(n => fixture.Record(() =>
        {
            fixture.ItemStore.Put(new PartKey("pool", n), new Text($"value {n * 7919 % 10_007} of {n}"));
            fixture.TimerIndex.Add(n, new PartKey("pool", n));
            fixture.OtherStore.Put($"other-{n:D6}", new Text($"text {n * 104_729 % 10_007} of {n}"));
        }));
        fixture.Commit(Entries);
        fixture.State.Flush();
        fixture.State.Dispose();
        return fixture;
    }

    private static void ForEach(Action<int> act)
    {
        for (var n = 0; n < Entries; n++)
        {
            act(n);
        }
    }

    private static TaskState NewState(TaskId id, IStateDatabase database, StateWriter writer) => new(
        new TaskStateOptions { TaskId = id, Directory = "none", Stores = [StateFixture.Others] }, database, writer);

    private static void Put(TaskState state, string key)
    {
        state.BeginRecord();
        state.GetStore<IKeyValueStore<string, Text>>("others").Put(key, new Text(key));
        state.CommitRecord();
    }

    private static void Commit(TaskState state) => state.MarkCommitted(state.Freeze(), StateFixture.At(1));

    private void Suspend(TaskRegistry registry, TaskId id, IStateDatabase database, StateWriter writer)
    {
        var ledger = new LedgerTopology("commands", "outcomes", "latest", "dlq").Build();
        var state = new TaskState(
            new TaskStateOptions { TaskId = id, Directory = "none", Stores = ledger.SubTopologies[0].Stores }, database,
            writer);
        state.BeginRecord();
        state.GetStore<IKeyValueStore<string, string>>(LedgerTopology.StoreName).Put("a", "1");
        state.CommitRecord();
        Commit(state);
        var environment = new TaskEnvironment(
            "app", TimeProvider.System, TimeSpan.FromMinutes(1), new Dictionary<string, int>(), NullLogger.Instance);
        Assert.True(registry.TryAcquire(id, this, out _));
        registry.Set(id, new StreamTask(id, ledger.SubTopologies[0], state, environment));
        registry.Suspend(id, this, 500);
    }

    /// <summary>A database that cannot be written.</summary>
    private sealed class FailingDatabase(Action fail) : IStateDatabase
    {
        private readonly MemoryDatabase inner = new();

        public bool IsBehind => false;

        public long TableReaderBytes => 0;

        public bool TryGet<TValue>(
            ReadOnlySpan<byte> key, IDeserializer<TValue> deserializer,
            [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TValue value)
            where TValue : class => inner.TryGet(key, deserializer, out value);

        public IDatabaseCursor CreateCursor() => inner.CreateCursor();

        public IRunWriter BeginRun()
        {
            fail();
            return inner.BeginRun();
        }

        public bool WriteCheckpoint(string directory, StatePosition position, Func<bool>? isStillWanted) => false;

        public void Dispose() => inner.Dispose();
    }

    /// <summary>Reads nothing that anybody wrote.</summary>
    private sealed class PickySerde : ISerde<Text>
    {
        public void Serialize(Text value, System.Buffers.IBufferWriter<byte> output) =>
            Serdes.Utf8.Serialize(value.Value, output);

        public Text Deserialize(ReadOnlySpan<byte> data) => throw new BadRecordException("not a number");
    }
}
