using Alloc.Client.Streamiz;
using Alloc.Samples.Streamiz;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using EndToEnd.Tests.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Streamiz.Kafka.Net;
using Streamiz.Kafka.Net.Mock;
using Streamiz.Kafka.Net.SerDes;

namespace Samples.Tests;

/// <summary>
/// samples/streamiz reads outcomes typed: by Streamiz' own test driver, and against <c>alloc dev</c>.
/// </summary>
public sealed class StreamizSampleTests(SharedDev dev)
{
    [Fact]
    public void Each_outcome_becomes_the_newest_line_of_its_pool()
    {
        using var driver = new Driver();

        driver.Pipe(Outcome("hall", 1, free: 98));
        driver.Pipe(Outcome("$partition/0", 1, free: 0));

        Assert.Equal(["hall=hall#1 Confirmed, 98 free"], driver.Lines());
        Assert.Equal(["hall#1 Confirmed, 98 free"], driver.Shown);
    }

    [Fact]
    public void What_comes_again_is_passed_on_and_what_is_missing_stops_it()
    {
        using var driver = new Driver();

        driver.Pipe(Outcome("hall", 1, free: 98));
        driver.Pipe(Outcome("hall", 1, free: 98));
        var gap = Record.Exception(() => driver.Pipe(Outcome("hall", 3, free: 97)));

        Assert.Equal(2, driver.Lines().Count);
        Assert.Contains("hall#2 is missing before #3", gap?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Against_alloc_dev_the_program_shows_what_was_decided()
    {
        const string Pool = "streamiz-hall";
        using var directory = new TemporaryDirectory();
        using var deadline = new CancellationTokenSource(SampleProgram.Deadline);
        await using var client = TestClient.Of(dev);
        await TestClient.OpenPoolAsync(client, Pool, deadline.Token);
        await TestClient.AskAsync(
            client, Pool, new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 2 }, deadline.Token);

        await using var sample = SampleProgram.Start(
            "streamiz", "streamiz-sample", dev.Deployment.Bootstrap, dev.Deployment.Registry, directory["state"]);

        await sample.WaitForLineAsync($"{Pool}#3 Held, 98 free", SampleProgram.Deadline);
    }

    private static AllocationOutcome Outcome(string pool, long sequence, long free) => new()
    {
        PoolId = pool,
        Sequence = sequence,
        Source = new SourcePosition { Topic = "allocation.commands", Partition = 0, Offset = sequence },
        TMs = 0,
        PolicyVersion = 0,
        Original = true,
        BalancesBefore = new Balances(),
        BalancesAfter = new Balances { Free = free },
        Event = new AllocationOutcomeEvent.Confirmed { ReservationId = "r", Quantity = 2 },
    };

    private sealed class Driver : IDisposable
    {
        private readonly List<string> shown = [];
        private readonly TopologyTestDriver driver;
        private readonly TestInputTopic<string, AllocationOutcome?> outcomes;
        private readonly TestOutputTopic<string, string> lines;

        public Driver()
        {
            var serdes = new ContractSerDes<AllocationOutcome>(new InMemorySchemaRegistryClient());
            driver = new TopologyTestDriver(
                PoolLines.Topology(shown.Add, serdes),
                new StreamConfig(null, NullLoggerFactory.Instance) { ApplicationId = "pool-lines-test" });
            outcomes = driver.CreateInputTopic(PoolLines.Outcomes, new StringSerDes(), serdes);
            lines = driver.CreateOutputTopic(
                PoolLines.Lines, TimeSpan.FromSeconds(1), new StringSerDes(), new StringSerDes());
        }

        public IReadOnlyList<string> Shown => shown;

        public void Pipe(AllocationOutcome outcome) => outcomes.PipeInput(outcome.PoolId, outcome);

        public IReadOnlyList<string> Lines() =>
            [.. lines.ReadKeyValueList().Select(r => $"{r.Message.Key}={r.Message.Value}")];

        public void Dispose() => driver.Dispose();
    }
}
