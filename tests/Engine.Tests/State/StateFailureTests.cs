using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;

namespace Engine.Tests.State;

public sealed class StateFailureTests
{
    private static readonly PartKey Key = new("pool", 7);

    [Theory]
    [InlineData(StateWritePath.Ingest)]
    [InlineData(StateWritePath.Batch)]
    public async Task A_full_disk_is_said_and_nothing_is_lost(StateWritePath path)
    {
        StateChild.SkipWithoutProgram();
        var cancellation = TestContext.Current.CancellationToken;
        var disk = Directory.CreateTempSubdirectory("state-disk-").FullName;
        string[] launcher =
        [
            "unshare", "--map-root-user", "--mount", "sh", "-c",
            $"mount -t tmpfs -o size=24m none {disk} && dd if=/dev/zero of={disk}/ballast bs=1M count=20 2>/dev/null "
            + "&& exec \"$0\"",
        ];
        using var child = StateChild.Start(StateChild.Job.FillDisk, disk, path, launcher);
        var output = await child.StandardOutput.ReadToEndAsync(cancellation);
        var errors = await child.StandardError.ReadToEndAsync(cancellation);
        await child.WaitForExitAsync(cancellation);
        Directory.Delete(disk);
        Assert.SkipWhen(
            errors.Contains("unshare", StringComparison.Ordinal), "this user may not mount a small disk: " + errors);

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.True(lines.Length == 4, output + errors);
        Assert.Contains("no space is left", lines[0], StringComparison.Ordinal);
        var committed = Numbers(lines[1]);
        var persisted = Numbers(lines[2]);
        var replayed = Numbers(lines[3]);
        Assert.True(committed[1] >= committed[0], "committed records stay readable: " + lines[1]);
        Assert.Equal(persisted[0], persisted[1]);
        Assert.True(persisted[0] <= committed[0]);
        Assert.Equal(committed[0], replayed[0]);
        Assert.Equal(replayed[0], replayed[1]);
    }

    [Theory]
    [InlineData("*.sst")]
    [InlineData("MANIFEST*")]
    public void A_damaged_database_is_wiped_and_begins_anew(string pattern)
    {
        using var fixture = new StateFixture();
        for (var i = 0; i < 1000; i++)
        {
            fixture.Record(() => fixture.ItemStore.Put(new PartKey("pool", i), new Text("v" + i)));
        }
        fixture.Commit(1000);
        fixture.State.Flush();
        fixture.State.Dispose();
        foreach (var file in Directory.GetFiles(Path.Combine(fixture.TaskDirectory, "db"), pattern))
        {
            Overwrite(file);
        }

        Assert.Throws<TaskCorruptedException>(() =>
        {
            using var damaged = fixture.Open();
            Assert.Equal(1000, damaged.GetStore<IKeyValueStore<PartKey, Text>>("items").All().Count());
        });
        fixture.Provider.Wipe(fixture.TaskDirectory);
        fixture.Reopen();

        Assert.True(fixture.State.Position.IsEmpty);
        Assert.Empty(fixture.ItemStore.All());
    }

    [Fact]
    public void A_missing_file_of_the_database_is_damage()
    {
        using var fixture = new StateFixture();
        fixture.Record(() => fixture.ItemStore.Put(Key, new Text("v")));
        fixture.Commit(1);
        fixture.State.Flush();
        fixture.State.Dispose();
        foreach (var file in Directory.GetFiles(Path.Combine(fixture.TaskDirectory, "db"), "*.sst"))
        {
            File.Delete(file);
        }

        Assert.Throws<TaskCorruptedException>(() => fixture.Open());
    }

    [Fact]
    public void A_state_directory_is_used_by_one_process_which_is_named()
    {
        var root = Directory.CreateTempSubdirectory("state-lock-").FullName;
        var first = StateDirectory.Take(LocalFileSystem.Instance, root, "app");

        var error = Assert.Throws<StateDirectoryLockedException>(
            () => StateDirectory.Take(LocalFileSystem.Instance, root, "app"));
        first.Dispose();
        using var second = StateDirectory.Take(LocalFileSystem.Instance, root, "app");

        Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
        Assert.Equal(Path.Combine(root, "app", "0_3"), second.TaskPath(new TaskId(0, 3)));
    }

    [Theory]
    [InlineData("IO error: No space left on device: While appending to file: x", typeof(StateDiskFullException))]
    [InlineData("Corruption: block checksum mismatch", typeof(TaskCorruptedException))]
    [InlineData("IO error: lock hold by current process: db/LOCK", typeof(StateStoreException))]
    [InlineData("IO error: Permission denied", typeof(StateStoreException))]
    public void Errors_of_the_native_library_are_told_apart(string text, Type expected)
    {
        var error = RocksDbError.Classify(text, "Writing", "some-directory");

        Assert.IsType(expected, error);
        Assert.Contains("some-directory", error.Message, StringComparison.Ordinal);
    }

    private static long[] Numbers(string line) =>
        [.. line.Split(' ', ',').Where(word => word.Length > 0 && char.IsAsciiDigit(word[0])).Select(long.Parse)];

    private static void Overwrite(string file)
    {
        var bytes = File.ReadAllBytes(file);
        for (var i = 10; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x5A;
        }
        File.WriteAllBytes(file, bytes);
    }
}
