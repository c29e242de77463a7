using Alloc.Client;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Workflow;
using Confluent.SchemaRegistry;

namespace Alloc.Bench;

/// <summary>
/// A load for which something waits: every hold is that of an order of its own, and one order of four goes through a
/// stage, which it enters when it is held and leaves when its hold is confirmed or released.
/// </summary>
internal sealed class OrderLoad : IDisposable
{
    /// <summary>Orders of which one goes through a stage.</summary>
    public const int OrdersPerItem = 4;

    /// <summary>What a reader has to know about it, after the mix.</summary>
    public const string Text = "every hold of an order, one order of 4 in a stage";

    private const string FirstStage = "AwaitingFraudDecision";
    private readonly RecordSender<AllocationCommand> commands;
    private readonly RecordSender<StageEvent> stages;
    private readonly CommandMix mix;
    private readonly TimeProvider time;

    public OrderLoad(
        AllocClientOptions settings, ISchemaRegistryClient registry, MixOptions options, bool isPaced,
        TimeProvider time)
    {
        this.time = time;
        mix = new CommandMix(options);
        commands = new RecordSender<AllocationCommand>(settings, registry, "allocation.commands", isPaced);
        stages = new RecordSender<StageEvent>(settings, registry, "workflow.stages", isPaced);
    }

    /// <summary>Commands that were sent.</summary>
    public long CommandCount { get; private set; }

    /// <summary>Stage events that were sent.</summary>
    public long EventCount { get; private set; }

    /// <summary>Items that entered and did not leave.</summary>
    public long WaitingCount { get; private set; }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Creates each pool with plenty of stock: two commands a pool.</summary>
    public void Open()
    {
        foreach (var command in mix.Opening(NowMs))
        {
            Send(command);
        }
    }

    /// <summary>Sends the mix's next commands as fast as they are taken.</summary>
    public void Send(long count, CancellationToken cancellation)
    {
        for (long i = 0; i < count; i++)
        {
            if ((i & 1023) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }
            SendNext(null);
        }
    }

    /// <summary>Sends the mix's next commands at a fixed rate; what was held up is caught up with.</summary>
    /// <param name="count">How many.</param>
    /// <param name="perSecond">The rate.</param>
    /// <param name="onSend">Called just before a command that repeats no other is sent, with its number and the time
    /// stamp at which it was due; null: nobody is told.</param>
    /// <param name="cancellation">Stops it.</param>
    public void Send(long count, double perSecond, Action<long, long>? onSend, CancellationToken cancellation) =>
        SendSchedule.FromNow(time, perSecond).Follow(
            time, count,
            () =>
            {
                cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(1));
                cancellation.ThrowIfCancellationRequested();
            },
            (_, dueAt) => SendNext(number => onSend?.Invoke(number, dueAt)));

    /// <summary>Sends a hold of an order of its own, and its entry into a stage where it waits.</summary>
    /// <param name="ttlMs">How long the hold lives, in milliseconds.</param>
    /// <param name="stageId">The stage.</param>
    /// <param name="isLeaving">Whether it leaves at once.</param>
    public void SendWaiting(long ttlMs, string stageId, bool isLeaving)
    {
        var command = OfOrder(mix.Hold(NowMs, keepOpen: false, ttlMs), out var order);
        Send(command);
        Send(order!, stageId, StageEventKind.Entered);
        if (isLeaving)
        {
            Send(order!, stageId, StageEventKind.Left);
        }
    }

    /// <summary>Waits until everything sent was taken by the broker.</summary>
    public void Flush()
    {
        commands.Flush();
        stages.Flush();
    }

    public void Dispose()
    {
        commands.Dispose();
        stages.Dispose();
    }

    private static AllocationCommand OfOrder(AllocationCommand command, out string? order)
    {
        order = null;
        if (command.Body is not AllocationCommandBody.Hold hold)
        {
            return command;
        }
        order = OrderOf(hold.ReservationId);
        return command with { Body = hold with { OrderRef = order } };
    }

    private static string OrderOf(string? reservationId) => "order-" + reservationId;

    private void SendNext(Action<long>? onSend)
    {
        var command = OfOrder(mix.Next(NowMs, out var isRepeat), out _);
        if (!isRepeat)
        {
            onSend?.Invoke(CommandMix.NumberOf(command.CommandId));
        }
        Send(command);
        var (reservation, kind) = command.Body switch
        {
            AllocationCommandBody.Hold hold => (hold.ReservationId, StageEventKind.Entered),
            AllocationCommandBody.Confirm confirm => (confirm.ReservationId, StageEventKind.Left),
            AllocationCommandBody.Release release => (release.ReservationId, StageEventKind.Left),
            _ => ("", StageEventKind.Unknown),
        };
        if (!isRepeat && CommandMix.NumberOfReservation(reservation) % OrdersPerItem == 0)
        {
            Send(OrderOf(reservation), FirstStage, kind);
        }
    }

    private void Send(AllocationCommand command)
    {
        commands.Send(command.PoolId, command);
        CommandCount++;
    }

    private void Send(string order, string stageId, StageEventKind kind)
    {
        stages.Send(order, new StageEvent
        {
            WorkId = order,
            StageId = stageId,
            Kind = kind,
            Result = kind == StageEventKind.Left ? StageResult.Completed : null,
        });
        EventCount++;
        WaitingCount += kind == StageEventKind.Entered ? 1 : -1;
    }
}
