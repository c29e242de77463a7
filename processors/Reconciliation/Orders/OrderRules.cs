using Alloc.Engine.Processing;
using Alloc.Processors.Records;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>What a word about an order or a payment must be.</summary>
internal static class OrderRules
{
    private const int MostLines = 1_000;
    private const int CurrencyLength = 3;

    /// <exception cref="BadRecordException">It is no word about an order.</exception>
    public static void Check(string? key, OrderStatus status)
    {
        CheckOrderRef(key, status.OrderRef);
        RecordRules.CheckNumber("version", status.Version, 0);
        RecordRules.CheckId("state", status.State, TextBounds.Name);
        RecordRules.CheckNumber("count of lines", status.Lines.Count, 0, MostLines);
        var lines = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in status.Lines)
        {
            RecordRules.CheckId("lineId", line.LineId, TextBounds.ShortId);
            RecordRules.CheckId("poolId", line.PoolId);
            RecordRules.CheckNumber($"quantity of line {ShownText.Short(line.LineId)}", line.Quantity, 0);
            RecordRules.CheckOptionalId("reservationId", line.ReservationId);
            if (!lines.Add(line.LineId))
            {
                throw new BadRecordException($"line '{ShownText.Short(line.LineId)}' is in it twice");
            }
        }
        RecordRules.CheckCount(
            "characters in lines together",
            status.Lines.Sum(l => l.LineId.Length + l.PoolId.Length + (l.ReservationId?.Length ?? 0)),
            TextBounds.Together);
    }

    /// <exception cref="BadRecordException">It is no word about a payment.</exception>
    public static void Check(string? key, PaymentStatus status)
    {
        CheckOrderRef(key, status.OrderRef);
        RecordRules.CheckId("paymentId", status.PaymentId, TextBounds.ShortId);
        RecordRules.CheckNumber("version", status.Version, 0);
        RecordRules.CheckNumber("amountMinor", status.AmountMinor, 0);
        if (status.State == PaymentState.Unknown)
        {
            throw new BadRecordException("its state is none that is known");
        }
        if (status.Currency.Length != CurrencyLength || !status.Currency.All(char.IsAsciiLetterUpper))
        {
            throw new BadRecordException(
                $"currency '{ShownText.Short(status.Currency)}' is not three capital letters of ISO 4217");
        }
    }

    private static void CheckOrderRef(string? key, string orderRef)
    {
        RecordRules.CheckKey(key, orderRef, "orderRef");
        if (orderRef[0] == '$')
        {
            throw new BadRecordException(
                $"orderRef '{ShownText.Short(orderRef)}' begins with $, which is reserved");
        }
    }
}
