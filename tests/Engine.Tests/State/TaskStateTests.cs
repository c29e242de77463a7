using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Engine.Tests.State;

public sealed class TaskStateTests
{
    private static readonly PartKey Key = new("pool", 7);

    [Fact]
    public void Writes_of_a_record_that_fails_are_undone_in_every_store()
    {
        using var fixture = new StateFixture();
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("kept")));
        fixture.Record(() => fixture.TimerIndex.Add(5, Key));

        fixture.State.BeginRecord();
        fixture.ItemStore.Put(Key, new Text("dropped"));
        fixture.ItemStore.Delete(Key);
        fixture.OtherStore.Put("x", new Text("dropped"));
        fixture.TimerIndex.Remove(5, Key);
        fixture.TimerIndex.Add(1, Key);
        fixture.State.RollbackRecord();

        Assert.Equal(new Text("kept"), fixture.ItemStore.Get(Key));
        Assert.Null(fixture.OtherStore.Get("x"));
        Assert.True(fixture.TimerIndex.TryPeek(out var dueAtMs, out _));
        Assert.Equal(5, dueAtMs);
    }

    [Fact]
    public void Uncommitted_writes_are_invisible_to_readers_of_committed_state()
    {
        using var fixture = new StateFixture();
        var view = fixture.State.ReadCommitted<PartKey, Text>("items");

        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("one")));
        var whileActive = view.Get(Key);
        var layer = fixture.State.Freeze();
        var whileFrozen = view.Get(Key);
        fixture.State.MarkCommitted(layer, StateFixture.At(1));
        var afterCommit = view.Get(Key);

        Assert.Null(whileActive);
        Assert.Null(whileFrozen);
        Assert.Equal(new Text("one"), afterCommit);
    }

    [Fact]
    public void Layers_are_committed_in_the_order_in_which_they_were_frozen()
    {
        using var fixture = new StateFixture();
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("one")));
        var first = fixture.State.Freeze();
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("two")));
        var second = fixture.State.Freeze();

        Assert.Throws<InvalidOperationException>(() => fixture.State.MarkCommitted(second, StateFixture.At(2)));
        fixture.State.MarkCommitted(first, StateFixture.At(1));

        Assert.Equal(new Text("one"), fixture.State.ReadCommitted<PartKey, Text>("items").Get(Key));
        Assert.Equal(new Text("two"), fixture.ItemStore.Get(Key));
    }

    [Fact]
    public void Dropping_uncommitted_layers_brings_back_what_is_committed_but_not_written()
    {
        using var fixture = new StateFixture();
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("committed")));
        fixture.Commit(1);
        fixture.Record(() => fixture.ItemStore.Delete(Key));
        fixture.State.Freeze();
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("dropped")));

        fixture.State.DropUncommitted();

        Assert.Equal(new Text("committed"), fixture.ItemStore.Get(Key));
        Assert.Equal(0, fixture.State.UncommittedBytes);
    }

    [Theory]
    [InlineData(StateWritePath.Ingest)]
    [InlineData(StateWritePath.Batch)]
    public void Data_and_position_survive_a_reopening_together(StateWritePath path)
    {
        using var fixture = new StateFixture(new StateStoreOptions { WritePath = path });
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("flushed")));
        fixture.Commit(41);
        fixture.State.Flush();
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("in memory only")));
        fixture.Commit(42);

        fixture.Reopen();

        Assert.Equal(41, fixture.State.Position.NextOffset("journal"));
        Assert.Equal(410, fixture.State.Position.StreamTimeMs);
        Assert.Equal(new Text("flushed"), fixture.ItemStore.Get(Key));
    }

    [Fact]
    public void The_way_of_writing_may_change_between_two_starts()
    {
        using var fixture = new StateFixture(new StateStoreOptions { WritePath = StateWritePath.Batch });
        for (var round = 1; round <= 6; round++)
        {
            fixture.Record(() => fixture.ItemStore.Put(new PartKey("pool", round), new Text("v" + round)));
            fixture.Commit(round);
            fixture.State.Flush();
            var next = round % 2 == 0 ? StateWritePath.Batch : StateWritePath.Ingest;

            fixture.Reopen(fixture.Options with { WritePath = next });

            Assert.Equal(round, fixture.State.Position.NextOffset("journal"));
            Assert.Equal(round, fixture.ItemStore.All().Count());
        }
    }

    [Fact]
    public void Stores_in_memory_are_empty_after_a_reopening()
    {
        using var fixture = new StateFixture();
        fixture.Record(() => fixture.VolatileStore.Put("a", new Text("one")));
        fixture.Commit(1);
        fixture.State.Flush();
        var before = fixture.VolatileStore.Get("a");

        fixture.Reopen();

        Assert.Equal(new Text("one"), before);
        Assert.Null(fixture.VolatileStore.Get("a"));
    }

    [Fact]
    public void An_entry_that_is_deleted_before_it_was_written_never_reaches_the_disk()
    {
        using var database = new CountingDatabase();
        using var writer = new StateWriter(new StateStoreOptions());
        var options = new TaskStateOptions
        {
            TaskId = default,
            Directory = "none",
            Stores = [StateFixture.Items, StateFixture.Timers],
        };
        using var state = new TaskState(options, database, writer);
        var items = state.GetStore<IKeyValueStore<PartKey, Text>>("items");
        var timers = state.GetStore<ITimeIndex<PartKey>>("timers");

        for (var i = 0; i < 100; i++)
        {
            timers.AddNew(i, Key);
            items.PutNew(new PartKey("new", i), new Text("short-lived"));
            if (i % 3 == 0)
            {
                state.MarkCommitted(state.Freeze(), StateFixture.At(i));
            }
            timers.Remove(i, Key);
            items.Delete(new PartKey("new", i));
        }
        state.MarkCommitted(state.Freeze(), StateFixture.At(100));
        state.Flush();

        Assert.Equal(1, database.PutCount);
        Assert.Equal(0, database.DeleteCount);
    }

    [Fact]
    public void A_layer_shows_each_changed_key_once_for_the_changelog()
    {
        using var fixture = new StateFixture();
        fixture.Record(() => fixture.OtherStore.Put("gone", new Text("old")));
        fixture.Commit(1);
        fixture.Record(() => fixture.OtherStore.Put("a", new Text("first")));
        fixture.Record(() => fixture.OtherStore.Put("a", new Text("last")));
        fixture.Record(() => fixture.OtherStore.Delete("gone"));
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("another store")));
        var changes = new List<string>();

        fixture.State.Freeze().Visit(
            new HashSet<string> { "others" },
            (store, key, value) => changes.Add(
                $"{store}/{Encoding.UTF8.GetString(key)}={(value is null ? "-" : Encoding.UTF8.GetString(value))}"));

        Assert.Equal(["others/a=last", "others/gone=-"], changes.Order(StringComparer.Ordinal));
    }

    /// <summary>Restored timers were hidden by their slots, and nobody's turn came until those were given up.</summary>
    [Fact]
    public void Timers_that_a_changelog_restored_are_due_in_order_at_once()
    {
        using var written = new StateFixture();
        written.Record(() =>
        {
            written.TimerIndex.Add(300, new PartKey("c", 3));
            written.TimerIndex.Add(100, new PartKey("a", 1));
            written.TimerIndex.Add(200, new PartKey("b", 2));
        });
        using var restored = new StateFixture();
        written.State.Freeze().Visit(
            new HashSet<string> { "timers" },
            (store, key, value) => restored.State.RestoreChange(store, key, value, isDelete: value is null));
        restored.Commit(1);

        Assert.Equal([100, 200, 300], restored.TimerIndex.Until(1_000).Select(t => t.Key));
        Assert.True(restored.TimerIndex.TryPeek(out var dueAtMs, out _));
        Assert.Equal(100, dueAtMs);
    }

    [Fact]
    public void Changelog_records_are_restored_into_the_stores_with_their_position()
    {
        using var fixture = new StateFixture();
        for (var i = 0; i < 5000; i++)
        {
            fixture.State.RestoreChange(
                "others", Encoding.UTF8.GetBytes("k" + (i % 1000)), "value"u8, isDelete: i % 1000 == 13);
        }
        fixture.Commit(5000);
        fixture.State.Flush();

        fixture.Reopen();

        Assert.Equal(999, fixture.OtherStore.All().Count());
        Assert.Equal(5000, fixture.State.Position.NextOffset("journal"));
    }

    [Fact]
    public void State_of_another_topology_is_refused_and_left_alone()
    {
        using var fixture = new StateFixture();
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("mine")));
        fixture.Commit(1);
        fixture.State.Flush();
        fixture.State.Dispose();

        var error = Assert.Throws<StateTopologyMismatchException>(
            () => StateFixture.Open(fixture.Provider, fixture.TaskDirectory, StateFixture.Items));

        Assert.Contains("others", error.Message, StringComparison.Ordinal);
        Assert.Contains(fixture.TaskDirectory, error.Message, StringComparison.Ordinal);
        fixture.Reopen();
        Assert.Equal(new Text("mine"), fixture.ItemStore.Get(Key));
    }

    [Fact]
    public void A_store_that_is_not_there_is_named()
    {
        using var fixture = new StateFixture();

        var missing = Assert.Throws<TopologyException>(() => fixture.State.GetStore<ITimeIndex<PartKey>>("nothing"));
        var mistyped = Assert.Throws<TopologyException>(() => fixture.State.ReadCommitted<string, Text>("items"));

        Assert.Contains("nothing", missing.Message, StringComparison.Ordinal);
        Assert.Contains("items", mistyped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_commit_waits_while_too_much_is_unwritten()
    {
        using var fixture = new StateFixture(
            new StateStoreOptions { WriteAfterRecordCount = 50, MaximumUnwrittenRecordCount = 100 });

        for (var i = 1; i <= 2000; i++)
        {
            fixture.Record(() => fixture.ItemStore.Put(new PartKey("pool", i), new Text("v")));
            if (i % 10 == 0)
            {
                fixture.Commit(i);
                Assert.True(fixture.State.UnpersistedEntries <= 100);
            }
        }

        Assert.True(fixture.State.PersistedPosition.NextOffset("journal") >= 1900);
    }
}
