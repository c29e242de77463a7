using System.Runtime.InteropServices;

namespace Alloc.Replay;

/// <summary>
/// Walks through a plan: which command comes next, given the answers so far. A command about a reservation is sent only
/// when the one before it was answered, so the order of a reservation's commands never depends on timing, and a rerun
/// asks for the same commands with the same ids.
/// </summary>
/// <remarks>Knows neither Kafka nor a clock: the same walk runs against a ledger in memory in tests.</remarks>
internal sealed class ReplayFlow : IReplayFlow
{
    private readonly ReplayPlan plan;
    private readonly string run;
    private readonly TimeSpan holdTtl;
    private readonly TimeSpan lapseTtl;
    private readonly Action<ReplayIntent, Action<ReplayAnswer>> send;
    private readonly SaleState[] states;
    private readonly Dictionary<int, Queue<Action>> waiting = [];
    private readonly List<int> confirmedToday = [];
    private readonly List<string> lapsing = [];
    private int next;

    /// <param name="plan">What to do.</param>
    /// <param name="seed">Part of each command id, so that another seed is another set of commands.</param>
    /// <param name="holdTtl">Life of a hold that is going to be confirmed or released.</param>
    /// <param name="lapseTtl">Life of a hold that nobody touches again.</param>
    /// <param name="send">Takes a command and, later, calls back with its answer.</param>
    public ReplayFlow(
        ReplayPlan plan, long seed, TimeSpan holdTtl, TimeSpan lapseTtl,
        Action<ReplayIntent, Action<ReplayAnswer>> send)
    {
        this.plan = plan;
        this.holdTtl = holdTtl;
        this.lapseTtl = lapseTtl;
        this.send = send;
        run = $"retail-{seed}";
        states = new SaleState[plan.Sales.Count];
        BeganAt = plan.Sales.Count == 0 ? default : plan.Sales[0].Line.SoldAt;
    }

    /// <inheritdoc/>
    public bool IsAtEnd => next == plan.Steps.Count;

    /// <inheritdoc/>
    public bool MustWait => false;

    /// <inheritdoc/>
    public string Moment => $"{Day:yyyy-MM-dd}";

    /// <summary>The day being replayed.</summary>
    public DateOnly Day { get; private set; }

    /// <summary>When the first line was sold, in the shop's time.</summary>
    public DateTime BeganAt { get; }

    /// <summary>When the next step happens, in the shop's time; null where it is not tied to a time of day.</summary>
    public DateTime? NextAt => IsAtEnd ? null : plan.Steps[next] switch
    {
        PlanStep.Hold hold => hold.Sales[0].Line.SoldAt,
        PlanStep.CancelEarly cancel => cancel.Line.SoldAt,
        PlanStep.Return returned => returned.Line.SoldAt,
        _ => null,
    };

    /// <summary>Lines of the file that were begun.</summary>
    public long LinesBegun => IsAtEnd ? plan.LineCount : Math.Max(0, plan.Steps[next].Row - 2);

    /// <inheritdoc/>
    public IReadOnlyList<string> Lapsing => lapsing;

    /// <summary>Cancellations of sales that were never confirmed: nothing to take back.</summary>
    public int CancellationsOfNothing { get; private set; }

    /// <summary>Begins the next step of the plan.</summary>
    public void Advance()
    {
        switch (plan.Steps[next++])
        {
            case PlanStep.DayBegins step:
                Day = step.Day;
                ShipConfirmed();
                break;
            case PlanStep.OpenPool step:
                Send(new ReplayIntent.Configure($"{run}/{step.Pool}/configure", step.Pool));
                Send(new ReplayIntent.OpeningStock($"{run}/{step.Pool}/opening", step.Pool, step.Quantity));
                break;
            case PlanStep.Restock step:
                Send(new ReplayIntent.NewStock(
                    $"{run}/{step.Pool}/restock/{step.Sequence}", step.Pool, step.Sequence, step.Quantity));
                break;
            case PlanStep.Hold step:
                Hold(step);
                break;
            case PlanStep.CancelEarly step:
                WhenSettled(step.Sale, () => CancelEarly(step));
                break;
            case PlanStep.Return { Sale: null } step:
                Send(Return(step, step.Line.ReservationId));
                break;
            case PlanStep.Return step:
                WhenShipped(step.Sale!, () => Send(Return(step, step.Sale!.Line.ReservationId)));
                break;
        }
    }

    /// <summary>The end of the file is the end of a day: what is confirmed ships.</summary>
    public void Finish() => ShipConfirmed();

    /// <summary>What is left to expire is known; nothing is preempted under the shipped policy.</summary>
    public void Lose(string poolId, string reservationId)
    {
    }

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, long>> Counts() =>
        [KeyValuePair.Create("cancellationsOfNothing", (long)CancellationsOfNothing)];

    private void ShipConfirmed()
    {
        foreach (var index in CollectionsMarshal.AsSpan(confirmedToday))
        {
            Ship(plan.Sales[index]);
        }
        confirmedToday.Clear();
    }

    private void Hold(PlanStep.Hold step)
    {
        var first = step.Sales[0];
        // One request has one life; it is short only when every line of it is left to expire.
        var ttl = step.Sales.All(s => s.Fate == Fate.Lapse) ? lapseTtl : holdTtl;
        var lines = step.Sales.Select(s => (s.Line.ReservationId, (long)s.Line.Quantity)).ToArray();
        var intent = new ReplayIntent.Hold(
            Id(first, "hold"), step.Pool, first.Line.Invoice, first.Line.Customer, lines, ttl);
        send(intent, answer =>
        {
            foreach (var sale in step.Sales)
            {
                Held(sale, answer.IsApplied, isShortLived: ttl == lapseTtl);
            }
        });
    }

    private void Held(PlannedSale sale, bool isGranted, bool isShortLived)
    {
        ref var state = ref states[sale.Index];
        if (!isGranted)
        {
            state.Stage = Stage.Over;
        }
        else if (sale.Fate == Fate.Release || (sale.Fate == Fate.Lapse && !isShortLived))
        {
            state.Stage = Stage.Over;
            Send(new ReplayIntent.Release(
                Id(sale, "release"), sale.Line.StockCode, sale.Line.ReservationId, null, "customer"));
        }
        else if (sale.Fate == Fate.Lapse)
        {
            state.Stage = Stage.Over;
            lapsing.Add(sale.Line.ReservationId);
        }
        else
        {
            state.Stage = Stage.Held;
            ConfirmIfNothingIsCancelledFirst(sale);
        }
        Resume(sale);
    }

    private void ConfirmIfNothingIsCancelledFirst(PlannedSale sale)
    {
        if (states[sale.Index].EarlyCancellations < sale.EarlyCancellationCount)
        {
            return;
        }
        if (sale.ConfirmQuantity == 0)
        {
            states[sale.Index].Stage = Stage.Over;
            return;
        }
        var intent = new ReplayIntent.Confirm(
            Id(sale, "confirm"), sale.Line.StockCode, sale.Line.ReservationId, sale.ConfirmQuantity);
        send(intent, answer =>
        {
            if (!answer.IsApplied)
            {
                states[sale.Index].Stage = Stage.Over;
                Resume(sale);
                return;
            }
            states[sale.Index].Stage = Stage.Confirmed;
            if (DateOnly.FromDateTime(sale.Line.SoldAt) < Day || IsAtEnd)
            {
                Ship(sale);
            }
            else
            {
                confirmedToday.Add(sale.Index);
            }
        });
    }

    private void CancelEarly(PlanStep.CancelEarly step)
    {
        if (states[step.Sale.Index].Stage != Stage.Held)
        {
            CancellationsOfNothing++;
            return;
        }
        var intent = new ReplayIntent.Release(
            $"{run}/{step.Line.ReservationId}/cancel/{step.Sale.Line.ReservationId}", step.Sale.Line.StockCode,
            step.Sale.Line.ReservationId, step.Quantity, "cancelled");
        send(intent, _ =>
        {
            states[step.Sale.Index].EarlyCancellations++;
            ConfirmIfNothingIsCancelledFirst(step.Sale);
        });
    }

    private void Ship(PlannedSale sale)
    {
        var intent = new ReplayIntent.Consume(
            Id(sale, "ship"), sale.Line.StockCode, sale.Line.ReservationId, sale.ConfirmQuantity,
            sale.Line.SoldAt.Date.AddDays(1));
        send(intent, _ =>
        {
            states[sale.Index].Stage = Stage.Shipped;
            Resume(sale);
        });
    }

    private ReplayIntent.Return Return(PlanStep.Return step, string reservationId) =>
        new($"{run}/{step.Line.ReservationId}/return/{step.Part}", step.Line.StockCode, reservationId, step.Quantity,
            step.IsDamaged);

    /// <summary>Acts once the hold was answered.</summary>
    private void WhenSettled(PlannedSale sale, Action act)
    {
        if (states[sale.Index].Stage == Stage.Asked)
        {
            Wait(sale, act);
        }
        else
        {
            act();
        }
    }

    /// <summary>Acts once the sale was shipped; counts it where it never will be.</summary>
    private void WhenShipped(PlannedSale sale, Action act)
    {
        switch (states[sale.Index].Stage)
        {
            case Stage.Shipped:
                act();
                break;
            case Stage.Over:
                CancellationsOfNothing++;
                break;
            default:
                Wait(sale, () => WhenShipped(sale, act));
                break;
        }
    }

    private void Wait(PlannedSale sale, Action act)
    {
        if (!waiting.TryGetValue(sale.Index, out var queue))
        {
            waiting[sale.Index] = queue = new Queue<Action>();
        }
        queue.Enqueue(act);
    }

    private void Resume(PlannedSale sale)
    {
        if (waiting.Remove(sale.Index, out var queue))
        {
            while (queue.TryDequeue(out var act))
            {
                act();
            }
        }
    }

    private string Id(PlannedSale sale, string step) => $"{run}/{sale.Line.ReservationId}/{step}";

    private void Send(ReplayIntent intent) => send(intent, static _ => { });

    private enum Stage : byte
    {
        Asked,
        Held,
        Confirmed,
        Shipped,
        Over,
    }

    private struct SaleState
    {
        public Stage Stage;
        public int EarlyCancellations;
    }
}
