using System.Diagnostics;
using System.Globalization;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;

namespace Engine.Tests.State;

/// <summary>What a process does that a test starts in order to kill it, or to give it a disk of its own.</summary>
internal static class StateChild
{
    private const string Variable = "ENGINE_TESTS_STATE_CHILD";
    private const int ItemCount = 300;
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Engine.Tests");

    public enum Job
    {
        /// <summary>Folds numbered records for ever and prints the position on disk at each commit.</summary>
        Fold,

        /// <summary>
        /// Fills its disk, which holds a file <c>ballast</c>, and prints what happens; then goes on without the
        /// ballast.
        /// </summary>
        FillDisk,
    }

    public static void SkipWithoutProgram() =>
        Assert.SkipUnless(File.Exists(Program), "the tests were built without a program of their own");

    public static Process Start(Job job, string directory, StateWritePath path, params string[] launcher)
    {
        string[] command = [.. launcher, Program];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Variable] = $"{job}|{directory}|{path}";
        return Process.Start(start)!;
    }

    public static RocksDbStateProvider Provider(StateWritePath path) => new(
        new StateStoreOptions { WritePath = path, WriteAfterRecordCount = 150, MaximumUnwrittenRecordCount = 600 },
        LocalFileSystem.Instance);

    public static ITaskState Open(ITaskStateProvider provider, string directory) =>
        StateFixture.Open(provider, directory, StateFixture.Items, StateFixture.Timers);

    public static PartKey ItemOf(long offset) => new("pool", (int)(offset * 7919 % ItemCount));

    /// <summary>Does the job that a test started this process for.</summary>
    /// <returns>False when it was not started by a test.</returns>
    public static bool TryRun()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } argument)
        {
            return false;
        }
        var parts = argument.Split('|');
        Action<string, StateWritePath> job = Enum.Parse<Job>(parts[0]) == Job.Fold ? Fold : FillDisk;
        job(parts[1], Enum.Parse<StateWritePath>(parts[2]));
        return true;
    }

    private static void Fold(string directory, StateWritePath path)
    {
        using var provider = Provider(path);
        using var state = Open(provider, directory);
        var items = state.GetStore<IKeyValueStore<PartKey, Text>>("items");
        var timers = state.GetStore<ITimeIndex<PartKey>>("timers");
        for (var offset = state.Position.NextOffset("journal") ?? 0; ; offset++)
        {
            state.BeginRecord();
            var key = ItemOf(offset);
            if (items.Get(key) is { } before)
            {
                timers.Remove(long.Parse(before.Value, CultureInfo.InvariantCulture), key);
            }
            items.Put(key, new Text(offset.ToString(CultureInfo.InvariantCulture)));
            timers.Add(offset, key);
            state.CommitRecord();
            if (offset % 20 == 19)
            {
                state.MarkCommitted(state.Freeze(), StateFixture.At(offset + 1));
                Console.WriteLine(state.PersistedPosition.NextOffset("journal") ?? 0);
            }
        }
    }

    private static void FillDisk(string directory, StateWritePath path)
    {
        using var provider = Provider(path);
        var committed = 0L;
        using (var state = Open(provider, Path.Combine(directory, "0_0")))
        {
            try
            {
                while (true)
                {
                    committed = WriteSome(state, committed);
                }
            }
            catch (StateDiskFullException error)
            {
                Console.WriteLine("full: " + error.Message);
            }
            Console.WriteLine($"committed {committed}, readable {Count(state)}");
        }

        File.Delete(Path.Combine(directory, "ballast"));
        using var again = Open(provider, Path.Combine(directory, "0_0"));
        var persisted = again.Position.NextOffset("journal") ?? 0;
        Console.WriteLine($"persisted {persisted}, readable {Count(again)}");
        var replayed = persisted;
        while (replayed < committed)
        {
            replayed = WriteSome(again, replayed);
        }
        again.Flush();
        Console.WriteLine($"replayed to {again.PersistedPosition.NextOffset("journal")}, readable {Count(again)}");
    }

    private static int Count(ITaskState state) => state.GetStore<IKeyValueStore<PartKey, Text>>("items").All().Count();

    private static long WriteSome(ITaskState state, long offset)
    {
        var items = state.GetStore<IKeyValueStore<PartKey, Text>>("items");
        var random = new Random((int)offset);
        for (var i = 0; i < 20; i++)
        {
            state.BeginRecord();
            // Incompressible, so that the disk fills at the rate of the records.
            items.Put(new PartKey("pool", (int)offset + i),
                new Text(string.Concat(Enumerable.Range(0, 50).Select(_ => random.Next()))));
            state.CommitRecord();
        }
        state.MarkCommitted(state.Freeze(), StateFixture.At(offset + 20));
        return offset + 20;
    }
}
