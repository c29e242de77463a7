using Alloc.Schemas.Workflow;

namespace Alloc.Cli.Demo;

/// <summary>An order of the demo on its way, with the hold that it needs.</summary>
/// <param name="OrderRef">The order.</param>
/// <param name="PoolId">The pool of its hold.</param>
/// <param name="ReservationId">The hold.</param>
internal sealed record DemoOrder(string OrderRef, string PoolId, string ReservationId);

/// <summary>
/// The small order flow of the demo: each order goes through the stages in turn, first come, first served, as fast as
/// each stage works; an order whose hold is gone leaves as Expired. Pure: times in, stage events and paid orders out.
/// The workflow will take its place.
/// </summary>
internal sealed class DemoFlow(IReadOnlyList<DemoStage> stages, long startMs)
{
    /// <summary>How long before a hold expires nobody tries to confirm it any more, in milliseconds.</summary>
    private const long ConfirmMarginMs = 1_000;

    private readonly LinkedList<DemoOrder>[] queues = [.. stages.Select(_ => new LinkedList<DemoOrder>())];
    private readonly double[] work = new double[stages.Count];
    private readonly Dictionary<string, (DemoOrder Order, long ExpiresAtMs, int Stage)> waiting =
        new(StringComparer.Ordinal);

    private readonly List<StageEvent> said = [];
    private long workedForMs;

    /// <summary>Orders that wait.</summary>
    public int Count => waiting.Count;

    /// <summary>An order has its hold, and enters the first stage.</summary>
    /// <param name="order">The order.</param>
    /// <param name="expiresAtMs">When its hold expires.</param>
    /// <param name="nowMs">The time.</param>
    public void Begin(DemoOrder order, long expiresAtMs, long nowMs)
    {
        waiting[order.ReservationId] = (order, expiresAtMs, 0);
        queues[0].AddLast(order);
        said.Add(Event(order, 0, StageEventKind.Entered, null, nowMs));
    }

    /// <summary>The hold of an order is gone: it leaves where it waits.</summary>
    /// <returns>Whether it was on its way.</returns>
    public bool Lose(string reservationId, StageResult result, long nowMs)
    {
        if (!waiting.Remove(reservationId, out var lost))
        {
            return false;
        }
        said.Add(Event(lost.Order, lost.Stage, StageEventKind.Left, result, nowMs));
        return true;
    }

    /// <summary>A degraded mode lets a hold live longer.</summary>
    public void Extend(string reservationId, long expiresAtMs)
    {
        if (waiting.TryGetValue(reservationId, out var known))
        {
            waiting[reservationId] = known with { ExpiresAtMs = expiresAtMs };
        }
    }

    /// <summary>The stages work until now. What they let go is told once.</summary>
    /// <returns>Orders that have passed all of them.</returns>
    public IReadOnlyList<DemoOrder> Work(long nowMs)
    {
        var done = new List<DemoOrder>();
        var sinceStartMs = nowMs - startMs;
        for (var i = stages.Count - 1; i >= 0; i--)
        {
            work[i] += stages[i].RateAt(sinceStartMs) * (sinceStartMs - workedForMs) / 1_000;
            for (var next = queues[i].First; work[i] >= 1 && next is not null;)
            {
                var node = next;
                next = node.Next;
                if (!waiting.TryGetValue(node.Value.ReservationId, out var known))
                {
                    queues[i].Remove(node);
                }
                // One whose hold is about to go stays where it is: it is lost, or a mode lets its hold live longer.
                else if (nowMs < known.ExpiresAtMs - ConfirmMarginMs)
                {
                    queues[i].Remove(node);
                    work[i]--;
                    Leave(node.Value, i, known.ExpiresAtMs, nowMs, done);
                }
            }
            // An idle stage saves nothing up.
            work[i] = Math.Min(work[i], 1);
        }
        workedForMs = sinceStartMs;
        return done;
    }

    /// <summary>What was said since the last time.</summary>
    public IReadOnlyList<StageEvent> TakeEvents()
    {
        StageEvent[] events = [.. said];
        said.Clear();
        return events;
    }

    /// <summary>What earlier runs left waiting: it leaves now, because nobody works on it any more.</summary>
    public static StageEvent GivenUp(StageEvent entered, long nowMs) => entered with
    {
        Kind = StageEventKind.Left,
        Result = StageResult.Failed,
        Cause = "the demo was started again",
        OccurredAtMs = nowMs,
    };

    private void Leave(DemoOrder order, int stage, long expiresAtMs, long nowMs, List<DemoOrder> done)
    {
        said.Add(Event(order, stage, StageEventKind.Left, StageResult.Completed, nowMs));
        if (stage + 1 == stages.Count)
        {
            waiting.Remove(order.ReservationId);
            done.Add(order);
            return;
        }
        waiting[order.ReservationId] = (order, expiresAtMs, stage + 1);
        queues[stage + 1].AddLast(order);
        said.Add(Event(order, stage + 1, StageEventKind.Entered, null, nowMs));
    }

    private StageEvent Event(
        DemoOrder order, int stage, StageEventKind kind, StageResult? result, long nowMs) => new()
        {
            WorkId = order.OrderRef,
            StageId = stages[stage].Id,
            Attempt = 1,
            Kind = kind,
            Result = result,
            OccurredAtMs = nowMs,
            Reservations =
            [
                new StageReservation { PoolId = order.PoolId, ReservationId = order.ReservationId },
            ],
        };
}
