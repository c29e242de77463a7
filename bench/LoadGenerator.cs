using System.Text;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Bench;

/// <summary>Writes generated commands to the command topic, as fast as they are taken or at a fixed rate.</summary>
internal sealed class LoadGenerator : IDisposable
{
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly AvroSerde<AllocationCommand> serde;
    private readonly string topic;
    private readonly TimeProvider time;
    private int failures;

    public LoadGenerator(AllocClientOptions settings, ISchemaRegistryClient registry, bool isPaced, TimeProvider time)
    {
        this.time = time;
        topic = settings.TopicPrefix + "allocation.commands";
        serde = new AvroSerde<AllocationCommand>(registry, topic + "-value");
        producer = BulkClients.Producer(settings, isPaced ? 0 : 20, TimeSpan.FromMinutes(2));
    }

    /// <summary>Sends one command, waiting while the client's queue is full.</summary>
    public void Send(AllocationCommand command)
    {
        var message = new Message<byte[]?, byte[]?>
        {
            Key = Encoding.UTF8.GetBytes(command.PoolId),
            Value = serde.Serialize(command),
        };
        while (true)
        {
            try
            {
                producer.Produce(topic, message, OnDelivery);
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    /// <summary>Sends the mix's next commands as fast as they are taken.</summary>
    public void Send(CommandMix mix, long count, CancellationToken cancellation)
    {
        for (long i = 0; i < count; i++)
        {
            if ((i & 1023) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }
            Send(mix.Next(time.GetUtcNow().ToUnixTimeMilliseconds(), out _));
        }
    }

    /// <summary>
    /// Sends the mix's next commands at a fixed rate. It sleeps a millisecond a time and then catches up: a spin would
    /// take a core from what is measured.
    /// </summary>
    /// <param name="mix">Makes the commands.</param>
    /// <param name="count">How many.</param>
    /// <param name="perSecond">The rate.</param>
    /// <param name="onSend">Called just before a command that repeats no other is sent, with its place in this load,
    /// its number, and the time stamp at which it was due.</param>
    /// <param name="cancellation">Stops it.</param>
    public void Send(
        CommandMix mix, long count, double perSecond, Action<long, long, long> onSend,
        CancellationToken cancellation) =>
        SendSchedule.FromNow(time, perSecond).Follow(
            time, count,
            () =>
            {
                cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(1));
                cancellation.ThrowIfCancellationRequested();
            },
            (index, dueAt) =>
            {
                var command = mix.Next(time.GetUtcNow().ToUnixTimeMilliseconds(), out var isRepeat);
                if (!isRepeat)
                {
                    onSend(index, CommandMix.NumberOf(command.CommandId), dueAt);
                }
                Send(command);
            });

    /// <summary>Waits until everything sent was taken by the broker.</summary>
    public void Flush()
    {
        producer.Flush(TimeSpan.FromMinutes(2));
        if (Volatile.Read(ref failures) > 0)
        {
            throw AllocException.Unavailable($"Kafka did not take {failures:N0} commands.");
        }
    }

    public void Dispose() => producer.Dispose();

    private void OnDelivery(DeliveryReport<byte[]?, byte[]?> report)
    {
        if (report.Error.IsError)
        {
            Interlocked.Increment(ref failures);
        }
    }
}
