using System.Text;
using System.Threading.Channels;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Engine.Runtime;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Demo;

/// <summary>
/// Runs the demo's script against Kafka as any producer and subscriber would: nothing is short-circuited.
/// </summary>
internal sealed class DemoTraffic(
    DemoScenario scenario, AllocClientOptions settings, ISchemaRegistryClient registry, int commandsPerSecond, int seed,
    TimeProvider time)
{
    private const int StepsPerSecond = 10;
    private const int OutcomeBacklog = 10_000;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);
    private readonly KafkaClients clients = new(settings);
    private readonly string commandTopic = settings.TopicPrefix + "allocation.commands";
    private readonly string outcomeTopic = settings.TopicPrefix + "allocation.outcomes";
    private readonly string redeliveryTopic = settings.TopicPrefix + "effects.redeliveries";

    public DemoCounts Counts { get; } = new(scenario.Pools);

    public DemoScenario Scenario => scenario;

    /// <summary>Goes on until cancelled.</summary>
    /// <param name="leftovers">What earlier runs left, by pool.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(IReadOnlyDictionary<string, DemoLeftovers> leftovers, CancellationToken cancellation)
    {
        var commands = new AvroSerde<AllocationCommand>(registry, ConfluentFraming.SubjectOf(commandTopic));
        await commands.InitializeAsync(cancellation).ConfigureAwait(false);
        int partitionCount;
        using (var admin = clients.Admin())
        {
            partitionCount = clients.PartitionCount(admin, commandTopic);
        }
        var stages = new DemoStageTopic(clients, settings, registry);
        await stages.InitializeAsync(cancellation).ConfigureAwait(false);
        var services = new DemoServiceTopics(clients, settings, registry);
        await services.InitializeAsync(cancellation).ConfigureAwait(false);
        var seen = Channel.CreateBounded<AllocationOutcome>(OutcomeBacklog);
        var again = Channel.CreateBounded<AllocationOutcome>(OutcomeBacklog);
        var following = Task.WhenAny(
            BlockingWork.Run(() => Follow(outcomeTopic, seen.Writer, partitionCount, cancellation), cancellation),
            BlockingWork.Run(() => Follow(redeliveryTopic, again.Writer, partitionCount, cancellation), cancellation));
        using var producer = clients.Producer();
        void Send(AllocationCommand command)
        {
            var key = Encoding.UTF8.GetBytes(command.PoolId);
            var partition = new TopicPartition(commandTopic, PoolPartition.OfKey(key, partitionCount));
            producer.Produce(
                partition, new Message<byte[]?, byte[]?> { Key = key, Value = commands.Serialize(command) });
        }

        if (scenario.Policy is { } policy)
        {
            await DemoPolicy.ApplyAsync(policy, partitionCount, settings, registry, NowMs, cancellation)
                .ConfigureAwait(false);
        }
        if (scenario.Catalogue is { } catalogue)
        {
            await DemoCatalogue.ApplyAsync(catalogue, settings, registry, NowMs, cancellation).ConfigureAwait(false);
        }
        var script = new DemoScript(scenario, seed, NowMs, leftovers);
        foreach (var command in DemoScript.Opening(scenario, NowMs, leftovers))
        {
            Send(command);
        }
        foreach (var left in stages.LeftWaiting(cancellation))
        {
            stages.Send(producer, DemoFlow.GivenUp(left, NowMs));
        }
        if (scenario.HasServices)
        {
            SendAll(services, producer, services.LeftUnderWay(cancellation));
        }
        try
        {
            using var step = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / StepsPerSecond), time);
            while (await step.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                Hear(script, seen.Reader, again.Reader);
                foreach (var command in script.Next(NowMs, commandsPerSecond / StepsPerSecond))
                {
                    Send(command);
                }
                foreach (var happened in script.TakeStageEvents(NowMs))
                {
                    stages.Send(producer, happened);
                }
                SendAll(services, producer, script.TakeWords(NowMs));
                if (following.IsCompleted)
                {
                    await (await following.ConfigureAwait(false)).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            SendAll(services, producer, script.GiveUp());
            producer.Flush(LastWords);
        }
    }

    private static void SendAll(
        DemoServiceTopics services, IProducer<byte[]?, byte[]?> producer, IEnumerable<DemoWord> words)
    {
        foreach (var word in words)
        {
            services.Send(producer, word);
        }
    }

    private void Hear(
        DemoScript script, ChannelReader<AllocationOutcome> seen, ChannelReader<AllocationOutcome> again)
    {
        while (seen.TryRead(out var outcome))
        {
            script.See(outcome, NowMs);
        }
        while (again.TryRead(out var outcome))
        {
            script.SeeAgain(outcome, NowMs);
        }
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Follow(
        string topic, ChannelWriter<AllocationOutcome> seen, int partitionCount, CancellationToken cancellation)
    {
        var outcomes = new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(topic));
        var plan = new TailPlan
        {
            Topic = topic,
            Partitions = [.. Enumerable.Range(0, partitionCount)],
            From = StartAt.End,
            Follow = true,
        };
        foreach (var record in new TopicTail(clients, settings.Timeout).Read(plan, cancellation))
        {
            if (record.Message.Value is not { } value)
            {
                continue;
            }
            try
            {
                var outcome = outcomes.Deserialize(value);
                if (topic == outcomeTopic)
                {
                    Counts.See(outcome);
                }
                seen.TryWrite(outcome);
            }
            catch (AvroException)
            {
                // Not ours: a demo looks on, it does not judge.
            }
        }
    }
}
