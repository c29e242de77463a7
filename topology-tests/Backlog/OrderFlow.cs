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
    private readonly Dictionary<string, long> expiries = new(StringComparer.Ordinal);
    private readonly Queue<string> byExpiry = new();
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

    /// <summary>Orders whose hold expired, and when.</summary>
    public Dictionary<string, long> Expired { get; } = new(StringComparer.Ordinal);

    /// <summary>Payments started so far.</summary>
    public int PaymentsStarted { get; private set; }

    /// <summary>Orders that wait for a fraud decision.</summary>
    public int Undecided => fraud.Count;

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
        var nowMs = backlog.NowMs;
        for (arriving += Arrivals; arriving >= 1; arriving--)
        {
            var order = $"o{next++}";
            if (HasHolds)
            {
                expiries[order] = nowMs + (long)HoldLife.TotalMilliseconds;
                byExpiry.Enqueue(order);
                backlog.Hold(order, "bolts", expiries[order]);
            }
            backlog.Enter(order, Fraud, pools: "bolts");
            fraud.Enqueue(order);
        }
        while (byExpiry.TryPeek(out var due) && (!expiries.TryGetValue(due, out var expiresAt) || expiresAt <= nowMs))
        {
            byExpiry.Dequeue();
            if (expiries.Remove(due))
            {
                Expired[due] = nowMs;
                backlog.Hold(due, "bolts", null, held: 0);
            }
        }
        for (deciding = Math.Min(deciding + Decisions, Decisions + 1); deciding >= 1; deciding--)
        {
            if (!fraud.TryDequeue(out var order))
            {
                break;
            }
            backlog.Leave(order, Fraud);
            backlog.Enter(order, Payment, pools: "bolts");
            PaymentsStarted++;
            payment.Enqueue(order);
        }
        for (paying = Math.Min(paying + Payments, Payments + 1); paying >= 1; paying--)
        {
            if (!payment.TryDequeue(out var order))
            {
                break;
            }
            backlog.Leave(order, Payment);
            if (expiries.Remove(order))
            {
                // Paid: confirmed units do not expire.
                backlog.Hold(order, "bolts", null, held: 0);
            }
        }
    }
}
