using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Engine.Watermarks;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Reconciliation;
using static Alloc.Processors.Catalogue.MismatchClass;

namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>Folds what is said of an order into one entity, and compares it whenever one of them changes.</summary>
internal sealed class OrderProcessor(ReconciliationOptions options) : IProcessor<string, object, string, object>
{
    private const string FirstOrder = "first-order";
    private const string FirstOutcome = "first-outcome";
    private const string Begun = "begun";
    private const int PerCall = 1_000;
    private const string HoldStage = "InventoryHoldPending";
    /// <summary>How long an order is remembered after nothing of it is under way.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromDays(7);

    private static readonly Tolerance Usual = new(TimeSpan.FromSeconds(60), "none");

    private IProcessorContext<string, object> context = null!;
    private OrderStores stores = null!;
    private PartitionCatalogue catalogue = null!;
    private DifferenceBook differences = null!;
    private LedgerSlices slices = null!;
    private OrderSurroundings surroundings = null!;
    private IWatermarkTimer forgetting = null!;
    private long listeningSinceMs;

    public void Init(IProcessorContext<string, object> context)
    {
        this.context = context;
        stores = new OrderStores(context);
        catalogue = new PartitionCatalogue(context, DifferenceStores.OfOrders);
        differences = new DifferenceBook(
            context, DifferenceStores.OfOrders,
            [[options.OrderTopic, options.ByOrderTopic], [options.PaymentTopic, options.ByOrderTopic]], [],
            options.Instruments, catalogue);
        slices = new LedgerSlices(stores.SlicesIn, options.PoolPartitionCount);
        forgetting = context.CreateWatermarkTimer([options.OrderTopic], Forget);
        AwaitForgetting();
        listeningSinceMs = context.ClockMs;
        Surround();
    }

    public void Process(in Record<string, object> record)
    {
        var position = MismatchIds.PositionOf(context.Metadata!.Value);
        switch (record.Value)
        {
            case OrderAllocation { Authority: { } authority } outcome:
                Transfer(outcome.PoolId, authority);
                break;
            case OrderAllocation outcome when record.Key is { Length: > 0 } key && key[0] != '$':
                First(FirstOutcome, outcome.TMs);
                var before = Of(key);
                // A ledger that stood still says it by the time of the command: who answers it hears it now.
                Save(key, before, OrderFold.Take(before, outcome, position), LedgerOf(outcome), context.ClockMs);
                break;
            case OrderStatus status:
                OrderRules.Check(record.Key, status);
                First(FirstOrder, record.TimestampMs);
                Take(status, position, record.TimestampMs);
                break;
            case PaymentStatus payment:
                OrderRules.Check(record.Key, payment);
                Take(payment, position, record.TimestampMs);
                break;
            case ReconciliationControl control:
                catalogue.Obey(record.Key, control);
                break;
            default:
                break;
        }
    }

    private OrderTruth Of(string orderRef) => stores.OrderOf.Get(orderRef) ?? new OrderTruth();

    private void Take(OrderStatus status, string position, long atMs)
    {
        var before = Of(status.OrderRef);
        var truth = before;
        if (OrderFold.Take(ref truth, status, position, atMs) is { } why)
        {
            options.Instruments.Ignore(options.OrderTopic, why);
            return;
        }
        if (!OrderExpectations.Table.ContainsKey(status.State))
        {
            options.Instruments.Ignore(options.OrderTopic, IgnoredWhy.UnknownState);
        }
        Save(status.OrderRef, before, truth, new SaidBy(Sides.Order, atMs));
    }

    private void Take(PaymentStatus payment, string position, long atMs)
    {
        var before = Of(payment.OrderRef);
        var truth = before;
        if (OrderFold.Take(ref truth, payment, position, atMs) is { } why)
        {
            options.Instruments.Ignore(options.PaymentTopic, why);
            return;
        }
        Save(payment.OrderRef, before, truth, new SaidBy(Sides.Payment, atMs));
    }

    // What a repair settles was no lag.
    private static SaidBy? LedgerOf(OrderAllocation outcome) => MismatchIds.IsRepair(outcome.CommandId)
        ? null : new SaidBy(Sides.Ledger, outcome.TMs);

    private void Save(
        string orderRef, OrderTruth before, OrderTruth truth, SaidBy? by, long heardAtMs = long.MinValue)
    {
        if (!ReferenceEquals(before, truth))
        {
            Keep(orderRef, before.ForgetAtMs, Compare(orderRef, truth, by, heardAtMs));
        }
    }

    private void Keep(string orderRef, long? forgetBeforeMs, OrderTruth truth)
    {
        long? forgetAtMs = OrderFold.SettledAtMs(truth) is { } settledMs
            ? settledMs + (long)Memory.TotalMilliseconds : null;
        stores.OrderOf.Put(orderRef, truth with { ForgetAtMs = forgetAtMs });
        if (forgetAtMs == forgetBeforeMs)
        {
            return;
        }
        if (forgetBeforeMs is { } old)
        {
            stores.ToForget.Remove(old, orderRef);
        }
        if (forgetAtMs is { } due)
        {
            stores.ToForget.Add(due, orderRef);
        }
        AwaitForgetting();
    }

    private void Forget(long watermarkMs)
    {
        foreach (var (dueAtMs, orderRef) in stores.ToForget.Until(watermarkMs - 1).Take(PerCall).ToList())
        {
            stores.ToForget.Remove(dueAtMs, orderRef);
            stores.OrderOf.Delete(orderRef);
        }
        AwaitForgetting();
    }

    private void AwaitForgetting() =>
        forgetting.DueAtMs = stores.ToForget.TryPeek(out var dueAtMs, out _) ? dueAtMs : long.MaxValue;

    // What was found before and is not found now has ended.
    private OrderTruth Compare(
        string orderRef, OrderTruth truth, SaidBy? by = null, long heardAtMs = long.MinValue)
    {
        var found = OrderComparison.Of(orderRef, truth, surroundings);
        var open = new List<string>(found.Count);
        foreach (var finding in found)
        {
            open.Add(Write(differences.Stand(finding with { HeardAtMs = heardAtMs })));
        }
        foreach (var known in truth.Open)
        {
            if (!open.Contains(known))
            {
                differences.End(Read(known), "the records agree", by);
            }
        }
        return truth with { Open = open };
    }

    // Lines of pools that another system decides about are not compared, so all that is open is looked at again.
    private void Transfer(string partitionPool, OrderAuthority authority)
    {
        if (!slices.Take(partitionPool, authority))
        {
            return;
        }
        foreach (var orderRef in differences.OrderRefs())
        {
            if (stores.OrderOf.Get(orderRef) is { } truth)
            {
                Keep(orderRef, truth.ForgetAtMs, Compare(orderRef, truth));
            }
        }
    }

    private void First(string name, long atMs)
    {
        if (stores.MarkOf.Get(Begun) is null)
        {
            // Not the time when it is read: the first word of a partition may be read a good while after it was said.
            stores.MarkOf.Put(Begun, new Mark { Value = listeningSinceMs });
        }
        if (stores.MarkOf.Get(name) is null)
        {
            stores.MarkOf.Put(name, new Mark { Value = atMs });
            Surround();
            LookAgain();
        }
    }

    // Which topic is read first is chance: what was read before the first word of the other side is compared now.
    private void LookAgain()
    {
        var affected = stores.OrderOf.All().Where(o => OrderComparison.Of(o.Key, o.Value, surroundings).Count > 0)
            .Select(o => o.Key).ToList();
        foreach (var orderRef in affected)
        {
            var truth = Of(orderRef);
            Keep(orderRef, truth.ForgetAtMs, Compare(orderRef, truth));
        }
    }

    // By-order forgets after a while, orders do not: of what was before its first record nothing is known.
    private void Surround() => surroundings = new OrderSurroundings
    {
        IsAuthoritative = slices.IsAuthoritative,
        LedgerKnownSinceMs = Math.Min(
            stores.MarkOf.Get(FirstOutcome)?.Value ?? long.MaxValue,
            stores.MarkOf.Get(Begun)?.Value ?? listeningSinceMs),
        OrdersKnownSinceMs = stores.MarkOf.Get(FirstOrder)?.Value,
        Tolerance = mismatch => catalogue.Of(
            mismatch, mismatch is OrderWithoutReservation or QuantityMismatch
                ? catalogue.OfStage(HoldStage) ?? Usual : Usual),
    };

    private static string Write(in DifferenceKey key) =>
        string.Create(CultureInfo.InvariantCulture, $"{key.Class}\n{key.Kind}\n{key.Id}");

    private static DifferenceKey Read(string text)
    {
        var parts = text.Split('\n', 3);
        return new DifferenceKey(Enum.Parse<MismatchClass>(parts[0]), parts[1], parts[2]);
    }
}
