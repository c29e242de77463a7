using Alloc.Client;
using Alloc.Schemas.Allocation;
using Confluent.SchemaRegistry;

namespace Alloc.Bench;

/// <summary>Writes generated commands to the command topic, as fast as they are taken or at a fixed rate.</summary>
internal sealed class LoadGenerator : IDisposable
{
    private readonly RecordSender<AllocationCommand> sender;
    private readonly TimeProvider time;

    public LoadGenerator(AllocClientOptions settings, ISchemaRegistryClient registry, bool isPaced, TimeProvider time)
    {
        this.time = time;
        sender = new RecordSender<AllocationCommand>(settings, registry, "allocation.commands", isPaced);
    }

    /// <summary>Sends one command, waiting while the client's queue is full.</summary>
    public void Send(AllocationCommand command) => sender.Send(command.PoolId, command);

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
    public void Flush() => sender.Flush();

    public void Dispose() => sender.Dispose();
}
