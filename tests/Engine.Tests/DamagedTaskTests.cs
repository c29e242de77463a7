using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>
/// Flipped bytes in the files of one task: whenever they are met, that task is restored from the log, nothing is lost,
/// and its neighbours on the same thread keep their state.
/// </summary>
public sealed class DamagedTaskTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Partitions = 3;
    private const int Keys = 12_000;

    /// <summary>Blocks of entries, away from what opening and beginning a task reads.</summary>
    private const double First = 0.2;
    private const double Last = 0.6;

    public static TheoryData<string> Files => ["*.sst", "MANIFEST*", "CURRENT"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Damage_that_shows_when_a_task_is_opened(string files)
    {
        var run = await FilledAsync();
        Assert.True(DamagedFiles.Flip(run.Database(0), files) > 0);

        await run.StartAsync();

        await run.ExpectRestoredAsync(0);
    }

    [Fact]
    public async Task Damage_that_shows_while_a_task_is_restored()
    {
        var run = await FilledAsync();
        // The state of before, with more of the log to come.
        run.KeepState();
        await run.StartAsync();
        await run.HoldAllAsync();
        await run.StopAsync();
        run.BringStateBack();
        DamagedFiles.Flip(run.Database(0), "*.sst", First, Last);

        await run.StartAsync();

        await run.ExpectRestoredAsync(0);
    }

    [Fact]
    public async Task Damage_that_shows_when_a_record_is_processed()
    {
        var run = await FilledAsync();
        DamagedFiles.Flip(run.Database(0), "*.sst", First, Last);
        await run.StartAsync();
        await Until.RunningAsync(run.Application);
        Assert.Empty(run.Wipes);

        await run.HoldAllAsync();

        await run.ExpectRestoredAsync(0);
    }

    [Fact]
    public async Task Damage_that_a_reader_meets_while_the_task_is_idle()
    {
        var run = await FilledAsync();
        DamagedFiles.Flip(run.Database(0), "*.sst", First, Last);
        await run.StartAsync();
        await Until.RunningAsync(run.Application);

        var store = run.Application.Query<string, string>(LedgerTopology.StoreName, 0)!;
        Assert.Throws<TaskCorruptedException>(() => store.All().Count());

        await run.ExpectRestoredAsync(0);
    }

    [Fact]
    public async Task Damage_that_the_database_meets_when_it_compacts_what_is_written()
    {
        var run = await FilledAsync();
        DamagedFiles.Flip(run.Database(0), "*.sst", First, Last);
        run.Options = run.Options with { State = new StateStoreOptions { WriteAfterRecordCount = 50 } };
        await run.StartAsync();
        await Until.RunningAsync(run.Application);

        for (var batch = 0; batch < 40 && !run.Wipes.Contains("0_0"); batch++)
        {
            // Keys that were never there: nothing damaged is read for them.
            await run.HoldAsync(Enumerable.Range(0, 200).Select(n => $"new-{batch}-{n}"));
        }

        await run.ExpectRestoredAsync(0);
    }

    [Theory]
    [InlineData("CURRENT", 0, 1)]
    [InlineData("*.sst", First, Last)]
    public async Task A_checkpoint_that_is_damaged_gives_way_to_the_log(string files, double from, double to)
    {
        var run = await FilledAsync(withCheckpoint: true);
        run.RemoveState();
        foreach (var checkpoint in Directory.GetDirectories(Path.Combine(run.CheckpointsOf(0))))
        {
            Assert.True(DamagedFiles.Flip(Path.Combine(checkpoint, "db"), files, from, to) > 0);
        }

        await run.StartAsync();
        await Until.RunningAsync(run.Application);
        await run.HoldAllAsync();

        await run.ExpectRestoredAsync(0);
    }

    [Fact]
    public async Task Several_damaged_tasks_are_restored_and_the_sound_one_is_left_alone()
    {
        var run = await FilledAsync();
        DamagedFiles.Flip(run.Database(0), "*.sst", First, Last);
        DamagedFiles.Flip(run.Database(2), "MANIFEST*");
        await run.StartAsync();

        await run.HoldAllAsync();

        await run.ExpectRestoredAsync(0, 2);
    }

    [Fact]
    public async Task A_task_that_went_to_another_instance_is_closed_in_time_without_another_rebalance()
    {
        var run = await FilledAsync();
        run.Options = run.Options with { SuspendedTaskTimeout = TimeSpan.FromSeconds(1) };
        await run.StartAsync();
        await Until.RunningAsync(run.Application);
        Assert.Equal(Partitions, run.Application.OpenStateCount);

        await using var other = await run.Run.StartAsync(run.Run.Options() with { InstanceId = "other" });
        await Until.TrueAsync(() => other.Tasks.Count == 1 && run.Application.Tasks.Count == 2, "one task moved");

        await Until.TrueAsync(() => run.Application.OpenStateCount == 2, "its state closed");
        await run.DisposeAsync();
    }

    private async Task<DamagedRun> FilledAsync(bool withCheckpoint = false)
    {
        var ledger = await LedgerRun.CreateAsync(cluster, Partitions);
        var run = new DamagedRun(cluster, ledger, ledger.Options() with
        {
            InstanceId = "one",
            CheckpointDirectory = withCheckpoint ? cluster.NewDirectory("checkpoints") : null,
        });
        await run.StartAsync();
        await run.HoldAllAsync();
        if (withCheckpoint)
        {
            await run.Application.CheckpointAsync();
        }
        await run.StopAsync();
        return run;
    }

    /// <summary>A ledger whose state is damaged between two starts, and what was wiped of it since.</summary>
    private sealed class DamagedRun : IAsyncDisposable
    {
        private readonly TestCluster cluster;
        private readonly CounterWatch wipes;
        private readonly string kept;
        private int commands;

        public DamagedRun(TestCluster cluster, LedgerRun run, StreamsOptions options)
        {
            this.cluster = cluster;
            Run = run;
            Options = options;
            kept = cluster.NewDirectory("kept");
            wipes = new CounterWatch("alloc_state_wipes", run.Name);
        }

        public LedgerRun Run { get; }

        public StreamsOptions Options { get; set; }

        public StreamsApplication Application { get; private set; } = null!;

        /// <summary>The tasks that were wiped, in order.</summary>
        public IReadOnlyList<string> Wipes => wipes.Tag("task");

        public string Database(int partition) => Path.Combine(Options.StateDirectory, Run.Name, $"0_{partition}", "db");

        public string CheckpointsOf(int partition) =>
            Path.Combine(Options.CheckpointDirectory!, Run.Name, $"0_{partition}");

        public async Task StartAsync() => Application = await Run.StartAsync(Options);

        public async Task StopAsync() => await Application.DisposeAsync();

        public void KeepState() => Copy(Options.StateDirectory, kept);

        public void BringStateBack()
        {
            RemoveState();
            Copy(kept, Options.StateDirectory);
        }

        public void RemoveState() => Directory.Delete(Options.StateDirectory, recursive: true);

        public Task HoldAllAsync() => HoldAsync(Enumerable.Range(0, Keys).Select(n => $"pool-{n:D6}"));

        /// <summary>One command for each key, and waits until they are decided.</summary>
        public Task HoldAsync(IEnumerable<string> keys)
        {
            var records = keys.Select(k => ((string?)k, (string?)"hold")).ToList();
            commands += records.Count;
            cluster.Produce(Run.Commands, records);
            return Until.TrueAsync(
                () => Application.Failure is { } failure
                    ? throw new InvalidOperationException("stopped", failure)
                    : Application.Tasks.Count == Partitions
                        && Application.Query<string, string>(LedgerTopology.StoreName)
                            .Sum(s => Count(s.Value)) == commands,
                "all decided and restored");
        }

        /// <summary>The tasks, and no others, were wiped; everything is there and decided once.</summary>
        public async Task ExpectRestoredAsync(params int[] partitions)
        {
            await Until.TrueAsync(() => Wipes.Distinct().Count() >= partitions.Length, "wiped");
            await Until.RunningAsync(Application);
            await HoldAsync(["pool-000000"]);
            Assert.Equal(partitions.Select(p => $"0_{p}"), Wipes.Distinct().Order());
            Run.AssertDecidedOnce(commands);
            await DisposeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Application.DisposeAsync();
            wipes.Dispose();
        }

        /// <summary>Decisions that a store knows of; none while it is damaged.</summary>
        private static int Count(IReadOnlyKeyValueStore<string, string> store)
        {
            try
            {
                return store.All().Sum(e => int.Parse(e.Value, System.Globalization.CultureInfo.InvariantCulture));
            }
            catch (Exception error) when (error is TaskCorruptedException or ObjectDisposedException)
            {
                return 0;
            }
        }

        private static void Copy(string from, string to)
        {
            foreach (var directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
            {
                var target = Path.Combine(to, Path.GetRelativePath(from, directory));
                Directory.CreateDirectory(target);
                foreach (var file in Directory.GetFiles(directory))
                {
                    File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
                }
            }
        }
    }
}
