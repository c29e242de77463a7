using System.Globalization;
using Alloc.Engine.State;

namespace Engine.Tests.State;

/// <summary>Stores as they were at one position, while the task goes on.</summary>
public sealed class StateSnapshotTests
{
    private const int ItemCount = 50;

    [Theory]
    [InlineData(EntryForm.Objects)]
    [InlineData(EntryForm.Bytes)]
    public void It_is_of_its_position_whatever_is_committed_and_written_later(EntryForm form)
    {
        using var fixture = new StateFixture(
            new() { WriteAfterRecordCount = 20, MaximumUnwrittenRecordCount = 60, CachedEntryCount = 20 }, form);
        var snapshots = new List<(int Commit, IStateSnapshot Snapshot)>();

        for (var commit = 1; commit <= 200; commit++)
        {
            var value = commit.ToString(CultureInfo.InvariantCulture);
            fixture.Record(() => fixture.ItemStore.Put(new PartKey("pool", commit % ItemCount), new Text(value)));
            fixture.Record(() => fixture.ItemStore.Delete(new PartKey("pool", (commit + 7) % ItemCount)));
            fixture.Commit(commit);
            if (commit % 9 == 0)
            {
                snapshots.Add((commit, fixture.State.Snapshot(["items"])));
            }
            if (commit % 50 == 0)
            {
                fixture.State.Flush();
            }
        }

        foreach (var (commit, snapshot) in snapshots)
        {
            using (snapshot)
            {
                Assert.Equal(commit, snapshot.Position.NextOffset("journal"));
                var items = snapshot.GetStore<IKeyValueStore<PartKey, Text>>("items");
                Assert.Equal(Expected(commit), items.All().Select(Pair));
                Assert.Equal(Expected(commit), items.All().Select(Pair));
                var (number, value) = Expected(commit)[3];
                Assert.Equal(value, items.Get(new PartKey("pool", number))!.Value);
                Assert.Null(items.Get(new PartKey("pool", (commit + 7) % ItemCount)));
                Assert.Throws<NotSupportedException>(() => items.Delete(new PartKey("pool", 1)));
            }
        }
    }

    [Fact]
    public void A_store_that_it_was_not_taken_of_is_refused()
    {
        using var fixture = new StateFixture();

        Assert.Contains(
            "no store 'nothing'",
            Assert.ThrowsAny<Exception>(() => fixture.State.Snapshot(["nothing"])).Message, StringComparison.Ordinal);
    }

    private static List<(int Number, string Value)> Expected(int commits)
    {
        var items = new SortedDictionary<int, string>();
        for (var commit = 1; commit <= commits; commit++)
        {
            items[commit % ItemCount] = commit.ToString(CultureInfo.InvariantCulture);
            items.Remove((commit + 7) % ItemCount);
        }
        return [.. items.Select(i => (i.Key, i.Value))];
    }

    private static (int Number, string Value) Pair(KeyValuePair<PartKey, Text> entry) =>
        (entry.Key.Number, entry.Value.Value);
}
