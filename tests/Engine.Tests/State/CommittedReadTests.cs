using System.Buffers;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Engine.Tests.State;

public sealed class CommittedReadTests
{
    private const int ItemCount = 50;
    private const int Total = ItemCount * 100;

    [Theory]
    [InlineData(EntryForm.Objects)]
    [InlineData(EntryForm.Bytes)]
    public async Task A_reader_on_another_thread_sees_whole_commits_only(EntryForm form)
    {
        using var fixture = new StateFixture(
            new() { WriteAfterRecordCount = 20, MaximumUnwrittenRecordCount = 60, CachedEntryCount = 20 }, form);
        for (var i = 0; i < ItemCount; i++)
        {
            fixture.Record(() => fixture.ItemStore.Put(new PartKey("pool", i), new Text("100")));
        }
        fixture.Commit(1);
        var view = fixture.State.ReadCommitted<PartKey, Text>("items");
        using var stop = new CancellationTokenSource();
        var reads = 0;
        var reader = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var sum = view.All()
                    .Sum(item => int.Parse(item.Value.Value, System.Globalization.CultureInfo.InvariantCulture));
                Assert.Equal(Total, sum);
                Assert.NotNull(view.Get(new PartKey("pool", reads % ItemCount)));
                Interlocked.Increment(ref reads);
            }
        });

        var random = new Random(5);
        for (var commit = 2; (commit < 3000 || Volatile.Read(ref reads) < 50) && !reader.IsCompleted; commit++)
        {
            for (var i = 0; i < 3; i++)
            {
                Transfer(fixture, random);
            }
            fixture.Commit(commit);
        }
        await stop.CancelAsync();
        await reader;

        Assert.Equal(Total, view.All()
            .Sum(item => int.Parse(item.Value.Value, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData(EntryForm.Objects)]
    [InlineData(EntryForm.Bytes)]
    public void A_scan_goes_on_as_it_began_while_its_entries_are_changed_deleted_and_written(EntryForm form)
    {
        using var fixture = new StateFixture(new(), form);
        var view = fixture.State.ReadCommitted<PartKey, Text>("items");
        // Some lie in the database, some in a layer.
        foreach (var half in (int[])[0, 1])
        {
            fixture.Record(() =>
            {
                for (var i = half; i < 400; i += 2)
                {
                    fixture.ItemStore.Put(new PartKey("pool", i), new Text("before"));
                }
            });
            fixture.Commit(half + 1);
            if (half == 0)
            {
                fixture.State.Flush();
            }
        }

        var seen = new List<(int, string)>();
        foreach (var (key, value) in view.All())
        {
            seen.Add((key.Number, value.Value));
            if (key.Number % 10 == 0)
            {
                fixture.Record(() =>
                {
                    fixture.ItemStore.Put(new PartKey("pool", key.Number + 3), new Text("after"));
                    fixture.ItemStore.Delete(new PartKey("pool", key.Number + 5));
                    fixture.ItemStore.Put(new PartKey("pool", key.Number + 1_000), new Text("after"));
                });
                fixture.Commit(key.Number + 10);
                Assert.Equal("after", view.Get(new PartKey("pool", key.Number + 3))!.Value);
                // Others ask meanwhile, and what they ask of is written.
                _ = view.All().Count();
                if (key.Number % 100 == 0)
                {
                    fixture.State.Flush();
                }
            }
        }

        Assert.Equal(Enumerable.Range(0, 400).Select(n => (n, "before")), seen);
    }

    [Theory]
    [InlineData(EntryForm.Objects)]
    [InlineData(EntryForm.Bytes)]
    public void A_piece_of_what_is_not_written_yet_costs_no_more_when_a_hundred_thousand_lie_around_it(EntryForm form)
    {
        var keys = new CountingSerde();
        var items = StoreDefinition.KeyValue("items", 1, keys, new StateFixture.TextSerde(), form: form);
        using var state = new TaskState(
            new TaskStateOptions { TaskId = new TaskId(0, 0), Directory = "memory", Stores = [items] },
            new MemoryDatabase(),
            new StateWriter(new() { WritesInBackground = false, WriteAfterRecordCount = 1_000_000 }));
        var store = state.GetStore<IKeyValueStore<PartKey, Text>>("items");
        var view = state.ReadCommitted<PartKey, Text>("items");
        void Add(int from, int count, long offset)
        {
            for (var i = from; i < from + count; i++)
            {
                state.BeginRecord();
                store.Put(new PartKey("pool", i), new Text("unwritten"));
                state.CommitRecord();
            }
            state.MarkCommitted(state.Freeze(), StateFixture.At(offset));
        }
        Add(0, 100_000, 1);
        _ = view.All().First();

        keys.Count = 0;
        Assert.Equal(100, view.All().Take(100).Count());
        var ofPiece = keys.Count;
        Add(100_000, 50, 2);
        keys.Count = 0;
        Assert.Equal(100, view.Range(new PartKey("pool", 50_000), new PartKey("pool", 90_000)).Take(100).Count());

        Assert.InRange(ofPiece, 100, 110);
        Assert.InRange(keys.Count, 100, 170);
    }

    private static void Transfer(StateFixture fixture, Random random) => fixture.Record(() =>
    {
        var from = new PartKey("pool", random.Next(ItemCount));
        var to = new PartKey("pool", random.Next(ItemCount));
        Add(fixture, from, -1);
        Add(fixture, to, 1);
    });

    private static void Add(StateFixture fixture, PartKey key, int amount)
    {
        var value = int.Parse(fixture.ItemStore.Get(key)!.Value, System.Globalization.CultureInfo.InvariantCulture);
        fixture.ItemStore.Put(
            key, new Text((value + amount).ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>Counts the keys that are made of bytes, and bytes of keys.</summary>
    private sealed class CountingSerde : ISerde<PartKey>
    {
        private readonly StateFixture.PartKeySerde inner = new();

        public int Count { get; set; }

        public void Serialize(PartKey value, IBufferWriter<byte> output)
        {
            Count++;
            inner.Serialize(value, output);
        }

        public PartKey Deserialize(ReadOnlySpan<byte> data)
        {
            Count++;
            return inner.Deserialize(data);
        }
    }
}
