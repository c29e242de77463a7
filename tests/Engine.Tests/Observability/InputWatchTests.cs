using Alloc.Engine.LogClient;
using Alloc.Engine.Observability;
using Alloc.Engine.Processing;
using Alloc.Engine.Restore;
using Alloc.Engine.Runtime;
using Alloc.Engine.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Engine.Tests.Observability;

/// <summary>Lag and age of partitions that no task of this instance reads just now, measured to the end of the log.
/// </summary>
public sealed class InputWatchTests : IDisposable
{
    private static readonly TopicPartition[] All = [new("in", 0), new("in", 1)];
    private readonly FakeTimeProvider clock = FakeClock.At(86_400_000);
    private readonly Script log = new();
    private readonly List<RestoreProgress> restoring = [];
    private readonly InputWatch watch;

    public InputWatchTests()
    {
        watch = new InputWatch(new TaskRegistry(NullLogger.Instance), () => [All[0]], () => restoring, All, clock);
        log.Owned.UnionWith(All);
    }

    private long NowMs => clock.NowMs();

    [Fact]
    public void A_partition_at_its_end_has_neither_lag_nor_age()
    {
        log.Ends[All[0]] = log.Offsets[All[0]] = 7;

        Pass(seconds: 10);

        var status = Assert.Single(watch.Read());
        Assert.Equal(
            (0, TimeSpan.Zero, TimeSpan.Zero, null), (status.LagRecords, status.Age, status.Stalled, status.Why));
    }

    [Fact]
    public void What_waits_while_a_task_restores_has_the_age_of_its_oldest_record_which_is_read_once()
    {
        (log.Ends[All[0]], log.Offsets[All[0]]) = (10, 7);
        log.TimestampMs = NowMs - 60_000;
        restoring.Add(new RestoreProgress(new TaskId(0, 0), 5, 20));

        Pass(seconds: 10);

        var status = Assert.Single(watch.Read());
        Assert.Equal((3L, TimeSpan.FromSeconds(70)), (status.LagRecords, status.Age));
        Assert.InRange(status.Stalled.TotalSeconds, 8, 10);
        Assert.Equal("its task restores its state, 20 records remain", status.Why);
        Assert.Equal(1, log.ReadCount);
    }

    [Fact]
    public void Progress_ends_the_stall_and_the_next_oldest_record_is_read()
    {
        (log.Ends[All[0]], log.Offsets[All[0]]) = (10, 7);
        log.TimestampMs = NowMs - 60_000;
        Pass(seconds: 5);

        log.Offsets[All[0]] = 8;
        log.TimestampMs = NowMs - 20_000;
        Pass(seconds: 1);
        var moved = Assert.Single(watch.Read());
        Pass(seconds: 4);

        Assert.True(moved.Stalled < TimeSpan.FromSeconds(2), $"{moved.Stalled}");
        Assert.Equal(TimeSpan.FromSeconds(25), Assert.Single(watch.Read()).Age);
        Assert.Equal(2, log.ReadCount);
    }

    [Fact]
    public void Only_markers_before_the_end_are_nothing_that_waits()
    {
        (log.Ends[All[0]], log.Offsets[All[0]]) = (10, 9);
        log.TimestampMs = null;

        Pass(seconds: 10);

        var status = Assert.Single(watch.Read());
        Assert.Equal((1L, TimeSpan.Zero, TimeSpan.Zero), (status.LagRecords, status.Age, status.Stalled));
    }

    [Fact]
    public void While_the_broker_is_away_the_age_grows_by_the_wall_clock_whether_something_waited_or_not()
    {
        log.Ends[All[0]] = log.Offsets[All[0]] = 7;
        Pass(seconds: 5);
        log.Failure = new LogException("Broker transport failure", LogFailure.RetryCall, "Local_Transport");

        Pass(seconds: 30);

        var status = Assert.Single(watch.Read());
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30)), (status.Age, watch.Contact.Silent));
        Assert.Contains("Broker transport failure", status.Why, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(30), status.Stalled);
    }

    [Fact]
    public void What_waited_when_the_broker_went_grows_older_too_and_is_heard_again_when_it_comes_back()
    {
        (log.Ends[All[0]], log.Offsets[All[0]]) = (10, 7);
        log.TimestampMs = NowMs - 60_000;
        Pass(seconds: 5);
        log.Failure = new LogException("away", LogFailure.RetryCall, "Local_Transport");
        Pass(seconds: 30);
        var away = Assert.Single(watch.Read());
        log.Failure = null;
        log.Offsets[All[0]] = 10;

        Pass(seconds: 1);

        Assert.Equal(TimeSpan.FromSeconds(95), away.Age);
        Assert.Equal(TimeSpan.Zero, watch.Contact.Silent);
        Assert.Equal((0L, TimeSpan.Zero), (Assert.Single(watch.Read()).LagRecords, Assert.Single(watch.Read()).Age));
    }

    [Fact]
    public void A_partition_that_nobody_has_is_told_by_everybody_unless_it_only_moves()
    {
        (log.Ends[All[1]], log.Offsets[All[1]]) = (4, 1);
        log.Ends[All[0]] = log.Offsets[All[0]] = 7;
        log.TimestampMs = NowMs - 60_000;
        Pass(seconds: 1);
        log.Owned.Remove(All[1]);
        Pass(seconds: 6);
        var moving = watch.Read();

        Pass(seconds: 10);

        Assert.Single(moving);
        var unowned = watch.Read().Single(i => !i.IsHere);
        Assert.Equal((1, 3L, "nobody in the group has it"), (unowned.Partition, unowned.LagRecords, unowned.Why));
        Assert.InRange(unowned.Age.TotalSeconds, 70, 80);
        log.Owned.Add(All[1]);
        Pass(seconds: 6);
        Assert.Single(watch.Read());
    }

    [Fact]
    public void Where_nothing_was_ever_committed_all_of_the_log_waits()
    {
        (log.Ends[All[0]], log.Begin) = (10, 4);
        log.TimestampMs = NowMs - 60_000;

        Pass(seconds: 3);

        Assert.Equal((6L, TimeSpan.FromSeconds(63)), (Assert.Single(watch.Read()).LagRecords, watch.Read()[0].Age));
    }

    public void Dispose() => watch.Dispose();

    private void Pass(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            watch.Look(log);
        }
    }

    private sealed class Script : ILogWatch
    {
        public Dictionary<TopicPartition, long> Ends { get; } = [];

        public Dictionary<TopicPartition, long> Offsets { get; } = [];

        public HashSet<TopicPartition> Owned { get; } = [];

        public LogException? Failure { get; set; }

        public long? TimestampMs { get; set; }

        public long Begin { get; set; }

        public int ReadCount { get; private set; }

        IReadOnlyDictionary<TopicPartition, long> ILogWatch.Ends(IReadOnlyCollection<TopicPartition> partitions) =>
            Answer(Ends.Where(e => partitions.Contains(e.Key)).ToDictionary());

        public long Beginning(TopicPartition partition) => Answer(Begin);

        public IReadOnlyDictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions) =>
            Answer(partitions.ToDictionary(p => p, _ => Begin));

        public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions) =>
            Answer(Offsets.Where(e => partitions.Contains(e.Key)).ToDictionary());

        public IReadOnlyList<GroupMember> Members() => Answer<IReadOnlyList<GroupMember>>(
            [new GroupMember("m", "c", [.. Owned])]);

        public long? TimestampAt(TopicPartition partition, long offset)
        {
            ReadCount++;
            return Answer(TimestampMs);
        }

        public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) =>
            Answer<OpenTransaction?>(null);

        private T Answer<T>(T answer) => Failure is null ? answer : throw Failure;
    }
}
