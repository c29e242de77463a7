using System.Globalization;
using Alloc.Schemas.Workflow;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>
/// Orders that come, wait for a fraud decision, then for a payment: each stage serves the first in line, so many a
/// second. Every order has a hold that expires when it is not paid by then.
/// </summary>
internal sealed class OrderFlow(BacklogDriver backlog)
{
    private readonly Queue<string> fraud = new();
    private readonly Queue<string> payment = new();
    private readonly Dictionary<string, long> enteredFraud = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> expiries = new(StringComparer.Ordinal);
    private readonly PriorityQueue<string, long> byExpiry = new();
    private readonly HashSet<string> extended = new(StringComparer.Ordinal);
    private double arriving;
    private double deciding;
    private double paying;
    private int next;

    /// <summary>Orders a second.</summary>
    public double Arrivals { get; set; } = 2;

    /// <summary>Fraud decisions a second at most.</summary>
    public double Decisions { get; set; } = 4;

    /// <summary>Payments a second at most.</summary>
    public double Payments { get; set; } = 6;

    /// <summary>How long a hold lives.</summary>
    public TimeSpan HoldLife { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>Whether orders have holds.</summary>
    public bool HasHolds { get; init; } = true;

    /// <summary>Whether an order whose hold expired leaves the line for fraud decisions, as Expired.</summary>
    public bool IsLostWithItsHold { get; init; }

    /// <summary>
    /// How much longer the hold of every other order lives, once, where it falls due now; zero: it does not.
    /// </summary>
    public TimeSpan Extension { get; set; }

    /// <summary>Orders whose hold expired while they waited for a fraud decision, and when.</summary>
    public Dictionary<string, long> Expired { get; } = new(StringComparer.Ordinal);

    /// <summary>Payments started so far.</summary>
    public int PaymentsStarted { get; private set; }

    /// <summary>Payments made so far.</summary>
    public int Paid { get; private set; }

    /// <summary>Orders that wait for a fraud decision.</summary>
    public int Undecided => enteredFraud.Count;

    /// <summary>How many of them wait for longer than a time.</summary>
    public int UndecidedFor(TimeSpan time) =>
        enteredFraud.Values.Count(atMs => backlog.NowMs - atMs > time.TotalMilliseconds);

    public void Run(TimeSpan time, Action? eachSecond = null)
    {
        for (var second = 0; second < time.TotalSeconds; second++)
        {
            Second();
            backlog.Driver.AdvanceWallClock(TimeSpan.FromSeconds(1));
            eachSecond?.Invoke();
        }
    }

    private void Second()
    {
        for (arriving += Arrivals; arriving >= 1; arriving--)
        {
            Arrive();
        }
        while (byExpiry.TryPeek(out var due, out var dueMs) && dueMs <= backlog.NowMs)
        {
            byExpiry.Dequeue();
            if (expiries.ContainsKey(due))
            {
                FallDue(due);
            }
        }
        for (deciding = Math.Min(deciding + Decisions, Decisions + 1); deciding >= 1; deciding--)
        {
            if (!TryDecide())
            {
                break;
            }
        }
        for (paying = Math.Min(paying + Payments, Payments + 1); paying >= 1; paying--)
        {
            if (!payment.TryDequeue(out var order))
            {
                break;
            }
            backlog.Leave(order, Payment);
            Paid++;
            if (expiries.Remove(order))
            {
                // Paid: confirmed units do not expire.
                backlog.Hold(order, "bolts", null, held: 0);
            }
        }
    }

    private void Arrive()
    {
        var order = $"o{next++}";
        if (HasHolds)
        {
            HoldUntil(order, backlog.NowMs + (long)HoldLife.TotalMilliseconds);
        }
        backlog.Enter(order, Fraud, pools: "bolts");
        enteredFraud[order] = backlog.NowMs;
        fraud.Enqueue(order);
    }

    private void HoldUntil(string order, long atMs)
    {
        expiries[order] = atMs;
        byExpiry.Enqueue(order, atMs);
        backlog.Hold(order, "bolts", atMs);
    }

    private void FallDue(string order)
    {
        var isEven = int.Parse(order[1..], CultureInfo.InvariantCulture) % 2 == 0;
        if (Extension > TimeSpan.Zero && isEven && extended.Add(order))
        {
            HoldUntil(order, backlog.NowMs + (long)Extension.TotalMilliseconds);
            return;
        }
        expiries.Remove(order);
        backlog.Hold(order, "bolts", null, held: 0);
        if (enteredFraud.ContainsKey(order))
        {
            Expired[order] = backlog.NowMs;
            if (IsLostWithItsHold)
            {
                enteredFraud.Remove(order);
                backlog.Leave(order, Fraud, result: StageResult.Expired);
            }
        }
    }

    private bool TryDecide()
    {
        while (fraud.TryDequeue(out var order))
        {
            if (enteredFraud.Remove(order))
            {
                backlog.Leave(order, Fraud);
                backlog.Enter(order, Payment, pools: "bolts");
                PaymentsStarted++;
                payment.Enqueue(order);
                return true;
            }
        }
        return false;
    }
}
