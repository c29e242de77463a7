using Alloc.Engine.State;

namespace Engine.Tests.State;

/// <summary>
/// Stores whose entries are bytes in memory: what is special about them; the rest is in the model tests.
/// </summary>
public sealed class EncodedStoreTests
{
    [Fact]
    public void A_key_is_kept_when_the_buffer_that_it_was_looked_up_with_is_used_again()
    {
        using var fixture = new StateFixture(form: EntryForm.Bytes);

        // Some of these fill a buffer to its last byte.
        for (var length = 240; length < 270; length++)
        {
            var pool = new string((char)('a' + (length % 26)), length);
            fixture.Record(() => fixture.ItemStore.Put(new PartKey(pool, length), new Text($"{length}")));
        }
        fixture.Commit(1);

        Assert.All(fixture.ItemStore.All(), item => Assert.Equal($"{item.Key.Number}", item.Value.Value));
        Assert.Equal(Enumerable.Range(240, 30), fixture.ItemStore.All().Select(item => item.Key.Pool.Length).Order());
    }

    [Fact]
    public void What_a_record_put_is_read_as_the_same_object_within_it()
    {
        using var fixture = new StateFixture(form: EntryForm.Bytes);
        var key = new PartKey("pool", 1);
        var text = new Text("one");

        fixture.Record(() =>
        {
            fixture.ItemStore.Put(key, text);

            Assert.Same(text, fixture.ItemStore.Get(key));
        });
    }

    [Fact]
    public void After_a_rollback_the_value_before_is_read()
    {
        using var fixture = new StateFixture(form: EntryForm.Bytes);
        var key = new PartKey("pool", 1);
        fixture.Record(() => fixture.ItemStore.Put(key, new Text("before")));

        fixture.State.BeginRecord();
        fixture.ItemStore.Put(key, new Text("after"));
        fixture.State.RollbackRecord();

        Assert.Equal("before", fixture.ItemStore.Get(key)!.Value);
    }

    [Fact]
    public void A_store_may_change_its_form_between_two_starts()
    {
        using var fixture = new StateFixture(form: EntryForm.Bytes);
        fixture.Record(() => fixture.ItemStore.Put(new PartKey("pool", 1), new Text("one")));
        fixture.Commit(1);
        fixture.State.Flush();
        fixture.State.Dispose();

        using var reopened = StateFixture.Open(
            fixture.Provider, fixture.TaskDirectory, StateFixture.Others, StateFixture.Items, StateFixture.Timers,
            StateFixture.Volatile);

        Assert.Equal(
            "one", reopened.GetStore<IKeyValueStore<PartKey, Text>>("items").Get(new PartKey("pool", 1))!.Value);
    }
}
