using Alloc.Schemas.Allocation;
using FsCheck;
using FsCheck.Fluent;

namespace Topology.Tests.Ledger.Supply;

/// <summary>
/// Facts of a source in any order, doubled or late, with snapshots among them: the ledger ends at the true stock. The
/// second model is a shelf: what was delivered to it, minus what left it.
/// </summary>
public sealed class SupplyPropertyTests
{
    private const int ReservationCount = 6;
    private static readonly Config Thorough = Properties.Of(400);

    [Fact]
    public void Facts_and_snapshots_in_any_order_end_at_the_true_stock() =>
        Prop.ForAll<(byte Kind, byte Reservation, byte Quantity, ushort Order, bool Twice)[]>(
            ArbMap.Default.ArbFor<(byte, byte, byte, ushort, bool)[]>(), steps => Check(steps, withStockTakes: false))
                .Check(Thorough);

    [Fact]
    public void Stock_takes_among_them_change_nothing_about_that() =>
        Prop.ForAll<(byte Kind, byte Reservation, byte Quantity, ushort Order, bool Twice)[]>(
            ArbMap.Default.ArbFor<(byte, byte, byte, ushort, bool)[]>(), steps => Check(steps, withStockTakes: true))
                .Check(Thorough);

    private sealed record Message(
        string Kind, long Sequence, string Reservation, long Quantity, long OnHand, string Id);

    private static bool Check(
        (byte Kind, byte Reservation, byte Quantity, ushort Order, bool Twice)[] steps, bool withStockTakes)
    {
        var ledger = new TestLedger();
        ledger.Configure();
        const long Opening = 100;
        if (steps.Length % 2 == 0)
        {
            ledger.Delta(1, Opening);
        }
        else
        {
            // The first fact seen may then be any of them: those before it come late.
            ledger.Snapshot(version: 1, Opening, through: 1);
        }
        for (var index = 0; index < ReservationCount; index++)
        {
            ledger.Hold($"r{index}", 5);
            ledger.Confirm($"r{index}", 1 + (index % 5), Remainder.Keep);
        }

        var messages = Messages(steps, Opening, out var onHand);
        var facts = messages.Where(m => m.Kind is not ("snapshot" or "stock-take")).DistinctBy(m => m.Id).ToList();
        var told = new HashSet<string>();
        foreach (var message in messages)
        {
            told.Add(message.Id);
            if (message.Kind != "stock-take" || withStockTakes)
            {
                // What the ledger knows it was told, one by one or inside a snapshot.
                var through = ledger.State.GetSource(TestLedger.Pool, TestLedger.Erp)?.Through ?? 0;
                var known = facts.Where(f => told.Contains(f.Id) || f.Sequence <= through);
                Deliver(ledger, message, Opening + known.Sum(f => f.Kind == "consume" ? -f.Quantity : f.Quantity));
            }
        }
        ledger.Wait(TimeSpan.FromMinutes(1));
        AssertTrue(ledger, onHand);
        ledger.Wait(TimeSpan.FromHours(1));
        AssertTrue(ledger, onHand);
        return true;
    }

    private static void AssertTrue(TestLedger ledger, long onHand)
    {
        var balances = ledger.Balances;
        Assert.Equal(onHand, balances.Free + balances.Held + balances.Confirmed + balances.Blocked);
        Assert.Equal(0, balances.External + balances.Free + balances.Held + balances.Confirmed + balances.Consumed
            + balances.Blocked);
    }

    // Everything that happened, numbered by the source as it happened, then delivered in another order and partly
    // twice.
    private static List<Message> Messages(
        (byte Kind, byte Reservation, byte Quantity, ushort Order, bool Twice)[] steps, long opening, out long onHand)
    {
        var messages = new List<(int Order, Message Message)>();
        var sequence = 1L;
        onHand = opening;
        foreach (var step in steps)
        {
            var quantity = 1 + (step.Quantity % 4);
            var reservation = $"r{step.Reservation % ReservationCount}";
            var message = (step.Kind % 6) switch
            {
                0 => new Message("delta", ++sequence, "", quantity, onHand += quantity, $"d{sequence}"),
                1 => new Message("delta", ++sequence, "", -quantity, onHand -= quantity, $"d{sequence}"),
                2 => new Message("consume", ++sequence, reservation, quantity, onHand -= quantity, $"c{sequence}"),
                3 => new Message("return", ++sequence, reservation, quantity, onHand += quantity, $"b{sequence}"),
                4 => new Message("snapshot", sequence, "", 0, onHand, $"s{messages.Count}"),
                _ => new Message("stock-take", sequence, "", 0, onHand, $"t{messages.Count}"),
            };
            messages.Add((step.Order % 16, message));
            if (step.Twice)
            {
                messages.Add(((step.Order % 16) + 3, message));
            }
        }
        return messages.Select((m, index) => (m.Order, index, m.Message)).OrderBy(m => (m.Order, m.index))
            .Select(m => m.Message).ToList();
    }

    private static void Deliver(TestLedger ledger, Message message, long shelf)
    {
        ledger.NowMs += 1_000;
        switch (message.Kind)
        {
            case "delta":
                ledger.Delta(message.Sequence, message.Quantity);
                break;
            case "consume":
                ledger.Consume(message.Reservation, message.Quantity, message.Id, TestLedger.Erp, message.Sequence);
                break;
            case "return":
                ledger.Return(message.Reservation, message.Quantity, message.Id, TestLedger.Erp, message.Sequence);
                break;
            case "snapshot":
                var version = 10_000 * message.Sequence;
                ledger.Snapshot(version, Math.Max(message.OnHand, 0), message.Sequence);
                break;
            default:
                var last = ledger.State.GetSource(TestLedger.Pool, TestLedger.Erp)?.Version ?? 0;
                ledger.Snapshot(last + 1, Math.Max(shelf, 0), through: null);
                break;
        }
    }
}
