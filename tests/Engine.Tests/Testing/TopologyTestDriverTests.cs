using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Engine.Tests.Support;

namespace Engine.Tests.Testing;

public sealed class TopologyTestDriverTests : IDisposable
{
    private readonly LedgerTopology ledger = new("commands", "outcomes", "latest", "dlq");
    private readonly TopologyTestDriver driver;

    public TopologyTestDriverTests() => driver = new TopologyTestDriver(ledger.Build(), startMs: 1_000);

    public void Dispose() => driver.Dispose();

    [Fact]
    public void A_record_leads_to_its_outcome_and_to_the_newest_of_its_key()
    {
        Pipe("a", "hold 1", 1_000);

        Assert.Equal("1|commands|0|0|1|1000 hold 1", Read("outcomes"));
        Assert.Equal("1|commands|0|0|1|1000 hold 1", Read("latest"));
        Assert.Null(driver.ReadOutput("outcomes"));
    }

    [Fact]
    public void Only_the_last_of_a_key_is_written_for_a_commit_of_several()
    {
        driver.CommitsEachRecord = false;
        Pipe("a", "hold 1", 1_000);
        Pipe("b", "hold 2", 1_000);
        Pipe("a", "hold 3", 1_000);
        driver.Commit();

        Assert.Equal(3, driver.ReadOutputs("outcomes").Count);
        Assert.Equal(["2|commands|0|2|1|1000 hold 3", "1|commands|0|1|1|1000 hold 2"],
            driver.ReadOutputs("latest").Select(Text));
    }

    [Fact]
    public void A_record_at_fault_becomes_a_dead_letter_and_leaves_nothing_else()
    {
        Pipe("a", "bad", 1_000);
        Pipe("a", "hold", 1_001);

        var letter = driver.ReadOutput("dlq");
        Assert.Equal("bad", Text(letter!));
        Assert.Equal("not a command", letter!.Headers!.LastText("__streams.errors.message"));
        Assert.Equal("commands", letter.Headers.LastText("__streams.errors.topic"));
        Assert.Equal("0", letter.Headers.LastText("__streams.errors.offset"));
        Assert.Equal("1|commands|0|1|1|1001 hold", Read("outcomes"));
        Assert.Equal(1, driver.DeadLetterCount);
    }

    [Fact]
    public void A_fault_of_the_program_is_thrown_with_its_place_and_nothing_is_written()
    {
        var error = Assert.Throws<StreamsException>(() => Pipe("a", "throw", 1_000));

        Assert.Contains(
            "commands-0@0: InvalidOperationException: asked to fail", error.Message, StringComparison.Ordinal);
        Assert.Null(driver.ReadOutput("outcomes"));
        Assert.Null(driver.ReadOutput("dlq"));
    }

    [Fact]
    public void Bytes_that_cannot_be_read_become_a_dead_letter_as_received()
    {
        driver.PipeInput("commands", "a"u8.ToArray(), [0xff, 0xfe], 1_000);

        Assert.Equal([0xff, 0xfe], driver.ReadOutput("dlq")!.Value);
        Assert.Null(driver.ReadOutput("outcomes"));
    }

    [Fact]
    public void A_dependency_that_is_away_stops_the_record_and_nothing_is_written()
    {
        ledger.IsDependencyDown = true;

        var error = Assert.Throws<StreamsException>(() => Pipe("a", "wait", 1_000));

        Assert.Contains("the registry is not available", error.Message, StringComparison.Ordinal);
        Assert.Null(driver.ReadOutput("outcomes"));
        Assert.Null(driver.ReadOutput("dlq"));
    }

    [Fact]
    public void A_tick_lets_what_is_due_happen_on_an_idle_partition()
    {
        Pipe("a", "timer 500", 1_000);
        Assert.Equal(1_500, driver.TickDueMs());

        driver.AdvanceWallClock(TimeSpan.FromMilliseconds(499));
        Assert.Single(driver.ReadOutputs("outcomes"));
        driver.AdvanceWallClock(TimeSpan.FromMilliseconds(1));

        Assert.Equal("2|commands|0|1|0|1500 expired 1500", Read("outcomes"));
        Assert.Equal(long.MaxValue, driver.TickDueMs());
    }

    [Fact]
    public void A_restart_from_the_journal_has_the_same_state()
    {
        Pipe("a", "hold", 1_000);
        Pipe("a", "timer 500", 1_000);
        Pipe("a", "bad", 1_000);

        driver.RestartFromJournal();

        Assert.Equal("2", driver.GetStore<IKeyValueStore<string, string>>(LedgerTopology.StoreName).Get("a"));
        Assert.Equal(1_500, driver.TickDueMs());
        Pipe("a", "hold again", 1_100);
        Assert.Equal("3|commands|0|3|1|1100 hold again", Text(driver.ReadOutputs("outcomes")[^1]));
    }

    [Fact]
    public void Keys_go_to_the_partition_that_Java_clients_would_choose()
    {
        using var wide = new TopologyTestDriver(ledger.Build(), startMs: 1_000, partitionCount: 4);
        wide.PipeInput("commands", "pool-1"u8.ToArray(), "hold"u8.ToArray(), 1_000);

        var record = wide.ReadOutput("outcomes")!;
        Assert.Equal(Alloc.Engine.Partitioning.Murmur2.Partition("pool-1"u8, 4), record.Partition);
    }

    private static string Text(TestRecord record) => Encoding.UTF8.GetString(record.Value!);

    private void Pipe(string key, string value, long timestampMs) =>
        driver.PipeInput("commands", Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), timestampMs);

    private string? Read(string topic) => driver.ReadOutput(topic) is { } record ? Text(record) : null;
}
