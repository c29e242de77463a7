using System.Text;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Engine.Partitioning;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Kafka;

/// <summary>Sends one command and waits for what was decided about exactly this record.</summary>
internal sealed class CommandPort : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private readonly ClientSettings settings;
    private readonly AvroSerde<AllocationCommand> commands;
    private readonly AvroSerde<AllocationOutcome> outcomes;
    private readonly KafkaClients clients;
    private readonly string commandTopic;
    private readonly string outcomeTopic;
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly IConsumer<byte[]?, byte[]?> reader;

    public CommandPort(ClientSettings settings, ISchemaRegistryClient registry)
    {
        this.settings = settings;
        clients = new KafkaClients(settings);
        commandTopic = settings.TopicPrefix + TopicNames.Commands;
        outcomeTopic = settings.TopicPrefix + TopicNames.Outcomes;
        commands = new AvroSerde<AllocationCommand>(registry, ConfluentFraming.SubjectOf(commandTopic));
        outcomes = new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(outcomeTopic));
        producer = clients.Producer();
        reader = clients.Consumer();
    }

    /// <summary>
    /// The outcome of the command, or null when the time is over: then nothing is known about it, neither that it was
    /// decided nor that it was not.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <param name="to">The partition of a command for a whole partition; null: the pool's own.</param>
    public async Task<AllocationOutcome?> AskAsync(
        AllocationCommand command, CancellationToken cancellation, int? to = null)
    {
        var registering = commands.InitializeAsync(cancellation).AsTask();
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        var key = Encoding.UTF8.GetBytes(command.PoolId);
        var partition = to ?? await Task.Run(() => Murmur2.Partition(key, PartitionCount()), cancellation)
            .ConfigureAwait(false);
        var end = reader.QueryWatermarkOffsets(new TopicPartition(outcomeTopic, partition), settings.Timeout).High;
        reader.Assign(new TopicPartitionOffset(outcomeTopic, partition, end));
        await registering.ConfigureAwait(false);

        var message = new Message<byte[]?, byte[]?> { Key = key, Value = commands.Serialize(command) };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(settings.Timeout);
        try
        {
            var report = await producer.ProduceAsync(
                new TopicPartition(commandTopic, partition), message, deadline.Token)
                .ConfigureAwait(false);
            return await Task.Run(() => Await(command.CommandId, report.Offset.Value, deadline.Token), deadline.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (ProduceException<byte[]?, byte[]?> e)
            when (e.Error.Code is ErrorCode.Local_MsgTimedOut or ErrorCode.Local_TimedOut)
        {
            return null;
        }
    }

    /// <summary>Partitions of the command topic.</summary>
    public async Task<int> CountPartitionsAsync(CancellationToken cancellation)
    {
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        return await Task.Run(PartitionCount, cancellation).ConfigureAwait(false);
    }

    public void Dispose()
    {
        // Closing the clients takes a good part of a second that nobody has to wait for: nothing is left to send.
        _ = Task.Run(() =>
        {
            producer.Dispose();
            reader.Dispose();
        });
    }

    /// <summary>Asked over the producer's own connection, which is then warm when the command goes out.</summary>
    private int PartitionCount()
    {
        using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
        var count = clients.PartitionCount(admin, commandTopic);
        var outcomeCount = clients.PartitionCount(admin, outcomeTopic);
        return count == outcomeCount
            ? count
            : throw CliException.Failed(
                $"{commandTopic} has {count} partitions and {outcomeTopic} {outcomeCount}; they must have the same "
                + "number.",
                "alloc doctor says more.");
    }

    private AllocationOutcome Await(string commandId, long offset, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = reader.Consume(PollInterval);
            if (record?.Message?.Value is not { } value || record.IsPartitionEOF)
            {
                continue;
            }
            AllocationOutcome outcome;
            try
            {
                outcome = outcomes.Deserialize(value);
            }
            catch (AvroException)
            {
                continue;
            }
            if (outcome.Source.Offset == offset && outcome.CommandId == commandId && outcome.CausedBy is null)
            {
                return outcome;
            }
        }
    }
}
