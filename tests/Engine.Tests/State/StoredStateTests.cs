using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;

namespace Engine.Tests.State;

/// <summary>
/// State directories that earlier versions left behind, as files in <c>State/stored</c>. What cannot be opened is wiped
/// and restored (<see cref="DamagedTaskTests"/>); these can.
/// </summary>
public sealed class StoredStateTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("stored-state-").FullName;

    [Theory]
    [InlineData(StateWritePath.Ingest)]
    [InlineData(StateWritePath.Batch)]
    public void What_RocksDB_7_8_wrote_is_read_and_written_on(StateWritePath path)
    {
        var directory = Path.Combine(root, "0_0");
        Copy(Path.Combine(AppContext.BaseDirectory, "State", "stored", "rocksdb-7.8", path.ToString()), directory);

        using (var provider = Provider(path))
        using (var state = Open(provider, directory))
        {
            Assert.Equal(500, state.Position.NextOffset("journal"));
            Assert.Equal(5_000, state.Position.StreamTimeMs);
            Assert.Equal(Items(withDeleted: false), Read(state));
            Assert.Equal(500, state.GetStore<ITimeIndex<PartKey>>("timers").Until(long.MaxValue).Count());
            Assert.Equal(5, state.GetStore<IKeyValueStore<string, Text>>("others").All().Count());
            WriteDeletedAgain(state);
        }

        using var again = Provider(path);
        using var reopened = Open(again, directory);
        Assert.Equal(501, reopened.Position.NextOffset("journal"));
        Assert.Equal(Items(withDeleted: true), Read(reopened));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static RocksDbStateProvider Provider(StateWritePath path) =>
        new(new StateStoreOptions { WritePath = path }, LocalFileSystem.Instance);

    private static ITaskState Open(RocksDbStateProvider provider, string directory) => StateFixture.Open(
        provider, directory, StateFixture.Others, StateFixture.Items, StateFixture.Timers, StateFixture.Volatile);

    /// <summary>500 items; the first of each hundred but the last was deleted again.</summary>
    private static IEnumerable<(int Number, string Value)> Items(bool withDeleted) =>
        Enumerable.Range(0, 500).Where(n => withDeleted || n % 100 != 0 || n == 400).Select(n => (n, $"item {n}"));

    private static IEnumerable<(int Number, string Value)> Read(ITaskState state) =>
        state.GetStore<IKeyValueStore<PartKey, Text>>("items").All().Select(e => (e.Key.Number, e.Value.Value));

    private static void WriteDeletedAgain(ITaskState state)
    {
        var items = state.GetStore<IKeyValueStore<PartKey, Text>>("items");
        state.BeginRecord();
        for (var number = 0; number < 400; number += 100)
        {
            items.Put(new PartKey("pool", number), new Text($"item {number}"));
        }
        state.CommitRecord();
        state.MarkCommitted(state.Freeze(), StateFixture.At(501));
        state.Flush();
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
