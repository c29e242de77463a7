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

        var error = Assert.Throws<TaskCorruptedException>(() => fixture.Open());
        Assert.Equal([new TaskId(0, 0)], error.Tasks);
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
    [InlineData("Writing", "IO error: No space left on device: While appending to file: x",
        typeof(StateDiskFullException))]
    [InlineData("Writing", "Corruption: block checksum mismatch", typeof(TaskCorruptedException))]
    [InlineData("Opening", "Corruption: Bad table magic number", typeof(TaskCorruptedException))]
    [InlineData("Opening", "IO error: No such file or directory: While opening a file: db/MANIFEST-000005",
        typeof(TaskCorruptedException))]
    [InlineData("Reading", "Not implemented: Unsupported compression method", typeof(TaskCorruptedException))]
    [InlineData("Taking a checkpoint of", "IO error: No such file or directory: /mnt/shared",
        typeof(StateStoreException))]
    [InlineData("Opening", "IO error: lock hold by current process: db/LOCK", typeof(StateStoreException))]
    [InlineData("Opening", "IO error: Permission denied", typeof(StateStoreException))]
    [InlineData("Reading", "IO error: Input/output error", typeof(StateStoreException))]
    public void Errors_of_the_native_library_are_told_apart(string operation, string text, Type expected)
    {
        var task = new TaskId(2, 7);

        var error = RocksDbError.Classify(text, operation, "some-directory", task);

        Assert.IsType(expected, error);
        Assert.Equal(error is TaskCorruptedException ? [task] : [], (error as TaskCorruptedException)?.Tasks ?? []);
        Assert.Contains("some-directory", error.Message, StringComparison.Ordinal);
    }

    private static long[] Numbers(string line) =>
        [.. line.Split(' ', ',').Where(word => word.Length > 0 && char.IsAsciiDigit(word[0])).Select(long.Parse)];
}
