using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Engine.Tests.State;

public sealed class CheckpointTests
{
    private static readonly TaskId Task = new(0, 0);

    [Fact]
    public void A_checkpoint_holds_the_committed_state_and_its_position()
    {
        using var fixture = new StateFixture();
        var checkpoints = new Checkpoints(
            LocalFileSystem.Instance, fixture.Provider, Path.Combine(fixture.Root, "checkpoints"), "app");
        Write(fixture, 10);

        var directory = checkpoints.Take(fixture.State, Task)!;
        Write(fixture, 20);
        var target = Path.Combine(fixture.Root, "moved");
        fixture.Provider.InstallCheckpoint(directory, target);

        using var moved = StateFixture.Open(
            fixture.Provider, target, StateFixture.Others, StateFixture.Items, StateFixture.Timers,
            StateFixture.Volatile);
        Assert.Equal(10, moved.Position.NextOffset("journal"));
        Assert.Equal(10, moved.GetStore<IKeyValueStore<PartKey, Text>>("items").All().Count());
        Assert.EndsWith("/app/0_0/00000000000000000010", directory, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_that_goes_on_leaves_the_checkpoint_alone()
    {
        using var fixture = new StateFixture(new StateStoreOptions { WriteAfterRecordCount = 10 });
        var checkpoints = new Checkpoints(
            LocalFileSystem.Instance, fixture.Provider, Path.Combine(fixture.Root, "checkpoints"), "app");
        Write(fixture, 10);
        var directory = checkpoints.Take(fixture.State, Task)!;
        var target = Path.Combine(fixture.Root, "moved");
        fixture.Provider.InstallCheckpoint(directory, target);
        using (var moved = StateFixture.Open(
            fixture.Provider, target, StateFixture.Others, StateFixture.Items, StateFixture.Timers,
            StateFixture.Volatile))
        {
            var items = moved.GetStore<IKeyValueStore<PartKey, Text>>("items");
            for (var round = 11; round < 40; round++)
            {
                items.Put(new PartKey("moved", round), new Text("v"));
                moved.MarkCommitted(moved.Freeze(), StateFixture.At(round));
                moved.Flush();
            }
        }

        fixture.Provider.InstallCheckpoint(directory, Path.Combine(fixture.Root, "again"));

        using var again = StateFixture.Open(
            fixture.Provider, Path.Combine(fixture.Root, "again"),
            StateFixture.Others, StateFixture.Items, StateFixture.Timers, StateFixture.Volatile);
        Assert.Equal(10, again.Position.NextOffset("journal"));
        Assert.Equal(10, again.GetStore<IKeyValueStore<PartKey, Text>>("items").All().Count());
    }

    [Fact]
    public void The_newest_checkpoint_that_the_log_can_continue_is_found_and_older_ones_go()
    {
        using var fixture = new StateFixture();
        var root = Path.Combine(fixture.Root, "checkpoints");
        var checkpoints = new Checkpoints(LocalFileSystem.Instance, fixture.Provider, root, "app");
        foreach (var offset in new[] { 10, 20, 30 })
        {
            Write(fixture, offset);
            checkpoints.Take(fixture.State, Task, keepCount: 2);
        }

        var newest = checkpoints.FindNewest(Task, _ => true);
        var older = checkpoints.FindNewest(Task, position => position.NextOffset("journal") < 30);

        Assert.Equal(30, newest!.Position.NextOffset("journal"));
        Assert.Equal(20, older!.Position.NextOffset("journal"));
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(root, "app", "0_0")).Length);
        Assert.Null(checkpoints.FindNewest(Task, _ => false));
        Assert.Null(checkpoints.FindNewest(new TaskId(0, 9), _ => true));
    }

    [Fact]
    public void A_checkpoint_of_a_task_that_went_to_another_instance_is_not_published_and_removes_nothing()
    {
        using var fixture = new StateFixture();
        var root = Path.Combine(fixture.Root, "checkpoints");
        var checkpoints = new Checkpoints(LocalFileSystem.Instance, fixture.Provider, root, "app");
        foreach (var offset in new[] { 10, 20 })
        {
            Write(fixture, offset);
            checkpoints.Take(fixture.State, Task);
        }
        Write(fixture, 30);

        var taken = checkpoints.Take(fixture.State, Task, keepCount: 1, isCurrent: () => false);

        Assert.Null(taken);
        Assert.Equal(20, checkpoints.FindNewest(Task, _ => true)!.Position.NextOffset("journal"));
        Assert.Equal(
            ["00000000000000000010", "00000000000000000020"],
            Directory.GetDirectories(Path.Combine(root, "app", "0_0")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_checkpoint_that_is_not_whole_is_not_found()
    {
        using var fixture = new StateFixture();
        var root = Path.Combine(fixture.Root, "checkpoints");
        var checkpoints = new Checkpoints(LocalFileSystem.Instance, fixture.Provider, root, "app");
        Write(fixture, 10);
        checkpoints.Take(fixture.State, Task);
        var broken = Directory.CreateDirectory(Path.Combine(root, "app", "0_0", "00000000000000000099")).FullName;
        Directory.CreateDirectory(Path.Combine(root, "app", "0_0", "00000000000000000098.partial"));
        File.WriteAllBytes(Path.Combine(broken, "POSITION"), [9, 9, 9]);

        var found = checkpoints.FindNewest(Task, _ => true);

        Assert.Equal(10, found!.Position.NextOffset("journal"));
    }

    [Fact]
    public async System.Threading.Tasks.Task A_checkpoint_is_taken_while_the_task_goes_on()
    {
        using var fixture = new StateFixture(new StateStoreOptions { WriteAfterRecordCount = 20 });
        var checkpoints = new Checkpoints(
            LocalFileSystem.Instance, fixture.Provider, Path.Combine(fixture.Root, "checkpoints"), "app");
        Write(fixture, 1);
        var taking = System.Threading.Tasks.Task.Run(() =>
        {
            for (var i = 0; i < 4; i++)
            {
                checkpoints.Take(fixture.State, Task);
            }
        });
        for (var offset = 2; offset < 500 || !taking.IsCompleted; offset++)
        {
            Write(fixture, offset);
        }
        await taking;

        var newest = checkpoints.FindNewest(Task, _ => true)!;
        fixture.Provider.InstallCheckpoint(newest.Directory, Path.Combine(fixture.Root, "moved"));
        using var moved = StateFixture.Open(
            fixture.Provider, Path.Combine(fixture.Root, "moved"),
            StateFixture.Others, StateFixture.Items, StateFixture.Timers, StateFixture.Volatile);
        Assert.Equal(newest.Position.NextOffset("journal"), moved.Position.NextOffset("journal"));
        Assert.Equal(
            moved.Position.NextOffset("journal"),
            moved.GetStore<IKeyValueStore<PartKey, Text>>("items").All().Max(i => i.Key.Number) + 1);
    }

    /// <summary>Writes items up to an offset, so that their number tells the position.</summary>
    private static void Write(StateFixture fixture, int offset)
    {
        for (var i = (int)(fixture.State.Position.NextOffset("journal") ?? 0); i < offset; i++)
        {
            fixture.Record(() => fixture.ItemStore.Put(new PartKey("pool", i), new Text("v")));
        }
        fixture.Commit(offset);
    }
}
