namespace Alloc.Replay;

/// <summary>
/// Turns invoice lines into steps. Everything that the file does not say is drawn from the seed and the name of the
/// line, so that a rerun plans the same, also with another limit: the limit cuts the plan, it does not change it.
/// </summary>
/// <remarks>
/// Invented: opening stock and monthly restocks (80 to 115 % of the month's sales of the pool), and what becomes of a
/// granted hold (2 % lapse, 4 % are released, 1.5 % are confirmed in part, the rest in full).
/// </remarks>
internal sealed class ReplayPlanner(long seed)
{
    private const int LapsePerMille = 20;
    private const int ReleasePerMille = 40;
    private const int PartPerMille = 15;
    private const int DamagedPercent = 20;
    private const double LeastSupply = 0.80;
    private const double MostSupply = 1.15;

    private readonly Seeded seeded = new(seed);
    private readonly List<PlanStep> steps = [];
    private readonly List<PlannedSale> sales = [];
    private readonly Dictionary<string, Dictionary<int, int>> demand = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int LastMonth, int Restocks)> pools = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Customer, string StockCode), Stack<PlannedSale>> sold = [];

    /// <summary>Plans the whole file and keeps the steps of its first <paramref name="limit"/> lines.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">Lines to keep; null keeps all.</param>
    /// <param name="onReject">Called with each line within the limit that is not replayed.</param>
    /// <param name="form">The form of its dates.</param>
    public ReplayPlan Plan(
        string path, long? limit, Action<RejectedLine> onReject, DateForm form = DateForm.Auto)
    {
        using var text = RetailReader.Open(path);
        return Plan(text, limit, onReject, form);
    }

    /// <summary>Plans from text; see the other overload.</summary>
    public ReplayPlan Plan(
        TextReader text, long? limit, Action<RejectedLine> onReject, DateForm form = DateForm.Auto)
    {
        var lines = new List<(long Row, RetailLine Line)>();
        var rejected = new Dictionary<RejectReason, long>();
        long row = 1;
        RetailReader.Read(
            text,
            line => lines.Add((++row, line)),
            reject =>
            {
                row++;
                if (limit is null || row <= limit + 1)
                {
                    rejected[reject.Reason] = rejected.GetValueOrDefault(reject.Reason) + 1;
                    onReject(reject);
                }
            },
            form);

        foreach (var (_, line) in lines.Where(l => !l.Line.IsCancellation))
        {
            CountDemand(line);
        }
        PlanLines(lines);

        var kept = limit is null ? steps : steps.TakeWhile(s => s.Row <= limit + 1).ToList();
        return new ReplayPlan(kept, sales, Math.Min(row - 1, limit ?? long.MaxValue), rejected);
    }

    private void PlanLines(List<(long Row, RetailLine Line)> lines)
    {
        var day = DateOnly.MinValue;
        for (var i = 0; i < lines.Count;)
        {
            var (row, line) = lines[i];
            if (DateOnly.FromDateTime(line.SoldAt) is var date && date != day)
            {
                day = date;
                steps.Add(new PlanStep.DayBegins(row, day));
            }
            var end = i + 1;
            while (end < lines.Count && lines[end].Line.Invoice == line.Invoice)
            {
                end++;
            }
            if (line.IsCancellation)
            {
                for (; i < end; i++)
                {
                    PlanCancellation(lines[i].Row, lines[i].Line);
                }
            }
            else
            {
                PlanInvoice(lines, i, end);
                i = end;
            }
        }
    }

    private void PlanInvoice(List<(long Row, RetailLine Line)> lines, int start, int end)
    {
        // Lines of one invoice on one pool are one request, at the place of its last line, so that a limit keeps all or
        // none.
        var requests = new Dictionary<string, List<PlannedSale>>(StringComparer.Ordinal);
        var lastRow = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = start; i < end; i++)
        {
            var (row, line) = lines[i];
            if (!requests.TryGetValue(line.StockCode, out var request))
            {
                requests[line.StockCode] = request = [];
            }
            request.Add(AddSale(line));
            lastRow[line.StockCode] = row;
        }
        foreach (var (pool, row) in lastRow.OrderBy(r => r.Value))
        {
            Supply(row, pool, lines[start].Line.SoldAt);
            steps.Add(new PlanStep.Hold(row, pool, requests[pool]));
        }
    }

    private PlannedSale AddSale(RetailLine line)
    {
        var dice = seeded.Next("fate/" + line.ReservationId, 1000);
        var fate = dice switch
        {
            < LapsePerMille => Fate.Lapse,
            < LapsePerMille + ReleasePerMille => Fate.Release,
            < LapsePerMille + ReleasePerMille + PartPerMille when line.Quantity > 1 => Fate.ConfirmPart,
            _ => Fate.Confirm,
        };
        var sale = new PlannedSale
        {
            Line = line,
            Index = sales.Count,
            Fate = fate,
            ConfirmQuantity = fate switch
            {
                Fate.Confirm => line.Quantity,
                Fate.ConfirmPart => 1 + seeded.Next("part/" + line.ReservationId, line.Quantity - 1),
                _ => 0,
            },
        };
        sales.Add(sale);
        if (line.Customer is not null)
        {
            var key = (line.Customer, line.StockCode);
            if (!sold.TryGetValue(key, out var stack))
            {
                sold[key] = stack = new Stack<PlannedSale>();
            }
            stack.Push(sale);
        }
        return sale;
    }

    /// <summary>
    /// Takes back the customer's latest sales of the pool first; what no sale covers comes back as an orphan.
    /// </summary>
    private void PlanCancellation(long row, RetailLine line)
    {
        var left = line.Quantity;
        var part = 0;
        if (line.Customer is not null && sold.TryGetValue((line.Customer, line.StockCode), out var stack))
        {
            while (left > 0 && stack.TryPeek(out var sale))
            {
                // A sale that was never confirmed covers its own cancellation: nothing is to be done for it.
                var covered = Math.Min(
                    left, sale.Fate is Fate.Lapse or Fate.Release ? sale.Line.Quantity : sale.OpenQuantity);
                if (covered > 0 && sale.ConfirmQuantity > 0)
                {
                    PlanTakeBack(row, line, sale, ++part, covered);
                }
                left -= covered;
                if (sale.OpenQuantity <= 0)
                {
                    stack.Pop();
                }
            }
        }
        if (left > 0)
        {
            Supply(row, line.StockCode, line.SoldAt);
            steps.Add(new PlanStep.Return(row, line, null, part + 1, left, IsDamaged(line, part + 1)));
        }
    }

    private void PlanTakeBack(long row, RetailLine line, PlannedSale sale, int part, int quantity)
    {
        if (sale.Line.SoldAt.Date == line.SoldAt.Date && sale.Fate == Fate.Confirm)
        {
            sale.EarlyCancellationCount++;
            sale.ConfirmQuantity -= quantity;
            steps.Add(new PlanStep.CancelEarly(row, line, sale, quantity));
        }
        else
        {
            sale.ReturnedQuantity += quantity;
            steps.Add(new PlanStep.Return(row, line, sale, part, quantity, IsDamaged(line, part)));
        }
    }

    private bool IsDamaged(RetailLine line, int part) =>
        seeded.Next($"damaged/{line.ReservationId}/{part}", 100) < DamagedPercent;

    private void CountDemand(RetailLine line)
    {
        if (!demand.TryGetValue(line.StockCode, out var months))
        {
            demand[line.StockCode] = months = [];
        }
        var month = Month(line.SoldAt);
        months[month] = months.GetValueOrDefault(month) + line.Quantity;
    }

    /// <summary>Opens the pool when it is met first, and restocks it when it is met first in a month.</summary>
    private void Supply(long row, string pool, DateTime at)
    {
        var month = Month(at);
        if (!pools.TryGetValue(pool, out var known))
        {
            pools[pool] = (month, 0);
            steps.Add(new PlanStep.OpenPool(row, pool, SupplyOf(pool, month)));
        }
        else if (known.LastMonth != month)
        {
            pools[pool] = (month, known.Restocks);
            if (SupplyOf(pool, month) is > 0 and var quantity)
            {
                pools[pool] = (month, known.Restocks + 1);
                steps.Add(new PlanStep.Restock(row, pool, known.Restocks + 1, quantity));
            }
        }
    }

    private int SupplyOf(string pool, int month)
    {
        var sales = demand.TryGetValue(pool, out var months) ? months.GetValueOrDefault(month) : 0;
        return (int)Math.Ceiling(sales * seeded.Between($"supply/{pool}/{month}", LeastSupply, MostSupply));
    }

    private static int Month(DateTime at) => (at.Year * 12) + at.Month;
}
