using System.Globalization;

namespace Alloc.Replay.Shop;

/// <summary>Stock that a pool gets in the course of the year.</summary>
/// <param name="DueMs">When, milliseconds after the beginning.</param>
/// <param name="PoolId">The pool.</param>
/// <param name="Number">1, 2, 3, … within the pool.</param>
/// <param name="Quantity">Units.</param>
/// <param name="Fault">What goes wrong with it.</param>
internal sealed record PlannedSupply(long DueMs, string PoolId, int Number, long Quantity, ShopFault Fault);

/// <summary>How a year becomes orders.</summary>
internal sealed record RetailYearOptions
{
    /// <summary>Draws what the file does not say.</summary>
    public required long Seed { get; init; }

    /// <summary>How long the lines that are played take.</summary>
    public required TimeSpan Time { get; init; }

    /// <summary>Only the first lines of the file; null: all.</summary>
    public long? Limit { get; init; }

    /// <summary>The share of orders and lines that each kind of fault befalls, from 0 to 1.</summary>
    public double FaultShare { get; init; }

    /// <summary>The kinds of fault.</summary>
    public IReadOnlyList<ShopFault> Faults { get; init; } =
        [.. ShopFaults.OfOrders, .. ShopFaults.OfLines, .. ShopFaults.OfSupply];
}

/// <summary>
/// Orders of a shop made of the invoices of a retail year: lines come at an even pace, in the order of the file.
/// </summary>
/// <remarks>
/// Invented, from the seed: opening stock and monthly restocks, what becomes of an order and of a line, how long each
/// step takes, and every fault. A cancellation of which the file has no sale is not played.
/// </remarks>
internal sealed class RetailYear
{
    private const int MostLines = 1_000;
    private const int AbandonedPerMille = 20;
    private const int CancelledPerMille = 40;

    private readonly RetailYearOptions options;
    private readonly Seeded seeded;
    private readonly long lineCount;
    private readonly Dictionary<string, ShopFault> faults = new(StringComparer.Ordinal);

    private RetailYear(ReplayPlan plan, RetailYearOptions options)
    {
        this.options = options;
        seeded = new Seeded(options.Seed);
        lineCount = plan.LineCount;
        Opening = [.. plan.Steps.OfType<PlanStep.OpenPool>()];
        Supplies = [.. plan.Steps.OfType<PlanStep.Restock>().Select(
            s => new PlannedSupply(
                DueMs(s.Row), s.Pool, s.Sequence, s.Quantity,
                Draw($"supply/{s.Pool}/{s.Sequence}", ShopFaults.OfSupply)))];
        Orders = [.. plan.Steps.OfType<PlanStep.Hold>().GroupBy(h => h.Sales[0].Line.Invoice, StringComparer.Ordinal)
            .SelectMany(h => Plan(h.Key, [.. h], plan))];
        LineCount = Orders.Sum(o => o.Lines.Count);
    }

    /// <summary>Pools and what they have when the shop opens.</summary>
    public IReadOnlyList<PlanStep.OpenPool> Opening { get; }

    /// <summary>Stock that comes later, in the order of time.</summary>
    public IReadOnlyList<PlannedSupply> Supplies { get; }

    /// <summary>The orders, in the order of time.</summary>
    public IReadOnlyList<PlannedOrder> Orders { get; }

    /// <summary>Lines of all orders.</summary>
    public long LineCount { get; }

    /// <summary>What goes wrong with the line of a reservation.</summary>
    public ShopFault FaultOf(string reservationId) => faults.GetValueOrDefault(reservationId);

    /// <summary>Plans the orders of a file in the retail format.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static RetailYear Plan(TextReader text, RetailYearOptions options) => new(
        new ReplayPlanner(options.Seed).Plan(text, options.Limit, static _ => { }), options);

    private IEnumerable<PlannedOrder> Plan(string invoice, PlanStep.Hold[] holds, ReplayPlan plan)
    {
        var returns = (byInvoice ??= Returns(plan)).GetValueOrDefault(invoice) ?? [];
        var sales = holds.SelectMany(h => h.Sales).ToArray();
        var parts = sales.Chunk(MostLines).ToArray();
        for (var part = 0; part < parts.Length; part++)
        {
            var order = part == 0 ? invoice : string.Create(CultureInfo.InvariantCulture, $"{invoice}.{part + 1}");
            yield return Plan(order, DueMs(holds[0].Row), parts[part], returns);
        }
    }

    private PlannedOrder Plan(string order, long dueMs, PlannedSale[] sales, List<PlannedReturn> returns)
    {
        var fault = Draw("order/" + order, ShopFaults.OfOrders);
        var dice = seeded.Next("order-fate/" + order, 1_000);
        var fate = fault != ShopFault.None || dice >= AbandonedPerMille + CancelledPerMille ? OrderFate.Ships
            : dice < AbandonedPerMille ? OrderFate.Abandoned : OrderFate.Cancelled;
        var lines = sales.Select(s => Plan(s, fault == ShopFault.None && fate == OrderFate.Ships)).ToArray();
        var own = lines.Select(l => l.LineId).ToHashSet(StringComparer.Ordinal);
        return new PlannedOrder
        {
            OrderRef = order,
            DueMs = dueMs,
            Customer = sales[0].Line.Customer,
            Lines = lines,
            Fate = fate,
            Fault = fault,
            Returns = [.. returns.Where(r => own.Contains(r.LineId))],
        };
    }

    private PlannedLine Plan(PlannedSale sale, bool mayFail)
    {
        var line = sale.Line;
        var fault = mayFail && sale.ConfirmQuantity > 0 ? Draw("line/" + line.ReservationId, ShopFaults.OfLines)
            : ShopFault.None;
        if (fault != ShopFault.None)
        {
            faults[line.ReservationId] = fault;
        }
        return new PlannedLine(
            string.Create(CultureInfo.InvariantCulture, $"{line.Number}"), line.StockCode, line.ReservationId,
            line.Quantity, sale.ConfirmQuantity, fault);
    }

    // At most one of the kinds befalls one thing, each as often as the others.
    private ShopFault Draw(string name, IReadOnlyList<ShopFault> kinds)
    {
        var at = seeded.Between("fault/" + name, 0, 1);
        foreach (var kind in kinds)
        {
            if (!options.Faults.Contains(kind))
            {
                continue;
            }
            if (at < options.FaultShare)
            {
                return kind;
            }
            at -= options.FaultShare;
        }
        return ShopFault.None;
    }

    private Dictionary<string, List<PlannedReturn>>? byInvoice;

    private Dictionary<string, List<PlannedReturn>> Returns(ReplayPlan plan)
    {
        var found = new Dictionary<string, List<PlannedReturn>>(StringComparer.Ordinal);
        foreach (var step in plan.Steps.OfType<PlanStep.Return>())
        {
            if (step.Sale is not { } sale)
            {
                continue;
            }
            if (!found.TryGetValue(sale.Line.Invoice, out var list))
            {
                found[sale.Line.Invoice] = list = [];
            }
            list.Add(new PlannedReturn(
                DueMs(step.Row),
                string.Create(CultureInfo.InvariantCulture, $"r-{step.Line.ReservationId}/{step.Part}"),
                string.Create(CultureInfo.InvariantCulture, $"{sale.Line.Number}"), step.Quantity, step.IsDamaged));
        }
        return found;
    }

    private long DueMs(long row) => (long)(options.Time.TotalMilliseconds * (row - 2) / Math.Max(1, lineCount));
}
