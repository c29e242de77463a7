using System.Net;
using System.Net.Sockets;
using Alloc.Client;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;

namespace Client.Tests;

/// <summary>A service's way: commands in, decisions out, over a real broker and a real instance.</summary>
public sealed class AllocClientTests(ClientFixture fixture) : IClassFixture<ClientFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_command_is_answered_with_what_was_decided_about_it()
    {
        var pool = await fixture.PoolAsync("answered", 5);

        var result = await fixture.Client.SendAsync(fixture.Hold(pool, "r1", 2), Cancellation);

        var decided = Assert.IsType<CommandAnswer.Decided>(result);
        Assert.False(decided.IsRejected);
        Assert.False(decided.IsRepeat);
        var held = Assert.IsType<AllocationOutcomeEvent.Held>(decided.Outcome.Event);
        Assert.Equal(("r1", 2L), (held.Lines[0].ReservationId, held.Lines[0].Granted));
        Assert.Equal(3, decided.Outcome.BalancesAfter.Free);
    }

    [Fact]
    public async Task Asked_again_with_the_same_id_the_first_answer_comes_back_and_nothing_is_done_twice()
    {
        var pool = await fixture.PoolAsync("again", 5);
        var hold = fixture.Hold(pool, "r1", 2);
        var first = Assert.IsType<CommandAnswer.Decided>(await fixture.Client.SendAsync(hold, Cancellation));

        var second = Assert.IsType<CommandAnswer.Decided>(await fixture.Client.SendAsync(hold, Cancellation));

        Assert.True(second.IsRepeat);
        Assert.Equal($"{pool}#{first.Outcome.Sequence}", second.Outcome.DuplicateOf);
        Assert.Equal(3, second.Outcome.BalancesAfter.Free);
    }

    [Fact]
    public async Task The_same_command_sent_twice_at_once_gets_two_answers_one_of_them_the_repeat()
    {
        var pool = await fixture.PoolAsync("twice", 5);
        var hold = fixture.Hold(pool, "r1", 2);

        var results = await Task.WhenAll(
            fixture.Client.SendAsync(hold, Cancellation), fixture.Client.SendAsync(hold, Cancellation));

        Assert.Equal([false, true], results.Cast<CommandAnswer.Decided>().Select(d => d.IsRepeat).Order());
    }

    [Fact]
    public async Task A_rejection_is_a_decision()
    {
        var pool = await fixture.PoolAsync("rejected", 1);

        var result = await fixture.Client.SendAsync(fixture.Hold(pool, "r1", 2), Cancellation);

        Assert.True(Assert.IsType<CommandAnswer.Decided>(result).IsRejected);
    }

    [Fact]
    public async Task Many_at_once_get_each_its_own_answer()
    {
        const int Count = 200;
        var pools = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => fixture.PoolAsync($"many-{n}", Count)));
        var holds = Enumerable.Range(0, Count).Select(n => fixture.Hold(pools[n % pools.Length], $"r{n}", 1)).ToList();

        var results = await Task.WhenAll(holds.Select(hold => fixture.Client.SendAsync(hold, Cancellation)));

        Assert.Equal(
            holds.Select(h => (h.CommandId, (string?)h.PoolId)),
            results.Cast<CommandAnswer.Decided>().Select(d => (d.Outcome.CommandId!, (string?)d.Outcome.PoolId)));
        Assert.All(results.Cast<CommandAnswer.Decided>(), d => Assert.False(d.IsRejected));
    }

    [Fact]
    public async Task Silence_is_no_failure_and_says_with_which_id_to_ask_again()
    {
        var options = await fixture.DeploymentWithoutEngineAsync("silent.");
        await using var client = new AllocClient(options with { Timeout = TimeSpan.FromSeconds(5) });
        var hold = fixture.Hold("anything", "r1", 1);

        var result = await client.SendAsync(hold, Cancellation);

        Assert.Equal(hold.CommandId, Assert.IsType<CommandAnswer.NotSeen>(result).CommandId);
    }

    [Fact]
    public async Task Topics_that_are_not_there_are_said_and_not_made()
    {
        var options = fixture.Options with { TopicPrefix = "nowhere." };
        await using var client = new AllocClient(options);

        var e = await Assert.ThrowsAsync<AllocException>(
            () => client.SendAsync(fixture.Hold("p", "r", 1), Cancellation));

        Assert.Equal(FailureKind.NotFound, e.Kind);
        using var admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = options.Bootstrap }).Build();
        Assert.DoesNotContain(
            admin.GetMetadata(TimeSpan.FromSeconds(30)).Topics,
            t => t.Topic.StartsWith(options.TopicPrefix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_no_broker_listens_it_is_said_at_once()
    {
        // A port of this test's own, on which nobody listens.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var client = new AllocClient(
            fixture.Options with { Bootstrap = socket.LocalEndPoint!.ToString()! });

        var e = await Assert.ThrowsAsync<AllocException>(
            () => client.SendAsync(fixture.Hold("p", "r", 1), Cancellation));

        Assert.Equal(FailureKind.Unavailable, e.Kind);
    }

    [Fact]
    public async Task What_is_available_is_whole_when_it_is_opened_and_is_kept_up_to_date()
    {
        var pool = await fixture.PoolAsync("available", 9);
        using var view = await fixture.Client.OpenAvailabilityAsync(Cancellation);
        await Eventually.IsTrueAsync(() => view.Find(pool)?.Balances.Free == 9, Cancellation);

        await fixture.Client.SendAsync(fixture.Hold(pool, "r1", 4), Cancellation);

        await Eventually.IsTrueAsync(() => view.Find(pool)!.Balances.Free == 5, Cancellation);
        Assert.Null(view.Find("never-heard-of"));
        Assert.Null(view.Problem);
    }

    [Fact]
    public async Task Typed_clients_of_Confluent_write_commands_and_read_outcomes()
    {
        var pool = await fixture.PoolAsync("typed", 3);
        using var registry = Registries.Client(fixture.Options, TimeProvider.System);
        using var producer = new ProducerBuilder<string, AllocationCommand>(new ProducerConfig
        {
            BootstrapServers = fixture.Options.Bootstrap,
            // As every producer of the topic: the pool's partition is where the engine looks for it.
            Partitioner = Partitioner.Murmur2Random,
        }).SetValueSerializer((IAsyncSerializer<AllocationCommand>)new ContractSerializer<AllocationCommand>(registry))
            .Build();
        using var consumer = new ConsumerBuilder<string, AllocationOutcome?>(new ConsumerConfig
        {
            BootstrapServers = fixture.Options.Bootstrap,
            GroupId = "typed",
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        }).SetValueDeserializer(new ContractDeserializer<AllocationOutcome>(registry)).Build();
        var hold = fixture.Hold(pool, "r1", 1);

        var report = await producer.ProduceAsync(
            "allocation.commands", new Message<string, AllocationCommand> { Key = pool, Value = hold }, Cancellation);
        consumer.Assign(new TopicPartitionOffset(
            "allocation.outcomes", PoolPartition.Of(pool, ClientFixture.PartitionCount), Offset.Beginning));
        AllocationOutcome? answer;
        do
        {
            answer = consumer.Consume(Cancellation).Message.Value;
        }
        while (answer?.CommandId != hold.CommandId);

        Assert.Equal(PoolPartition.Of(pool, ClientFixture.PartitionCount), report.Partition.Value);
        Assert.IsType<AllocationOutcomeEvent.Held>(answer!.Event);
    }

    [Fact]
    public async Task Pools_lie_where_the_partitioner_of_the_native_client_puts_their_keys()
    {
        await fixture.CreateTopicAsync("keys", 7);
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig
        {
            BootstrapServers = fixture.Options.Bootstrap,
            Partitioner = Partitioner.Murmur2Random,
        }).Build();
        var keys = Enumerable.Range(0, 300).Select(n => new string((char)('a' + (n % 26)), n % 9) + $"é{n}").ToList();

        var reports = await Task.WhenAll(keys.Select(key => producer.ProduceAsync(
            "keys", new Message<string, string> { Key = key, Value = "" }, Cancellation)));

        Assert.Equal(keys.Select(key => PoolPartition.Of(key, 7)), reports.Select(r => r.Partition.Value));
    }
}
