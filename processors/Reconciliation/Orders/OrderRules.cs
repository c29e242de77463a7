using Alloc.Engine.Processing;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>What a word about an order or a payment must be.</summary>
internal static class OrderRules
{
    private const int MostLines = 1_000;
    private const int StateLength = 64;
    private const int CurrencyLength = 3;

    /// <exception cref="BadRecordException">It is no word about an order.</exception>
    public static void Check(string? key, OrderStatus status)
    {
        InputRules.CheckKey("orderRef", key, status.OrderRef);
        InputRules.CheckNumber("version", status.Version, 0);
        InputRules.CheckId("state", status.State, StateLength);
        InputRules.CheckNumber("count of lines", status.Lines.Count, 0, MostLines);
        var lines = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in status.Lines)
        {
            InputRules.CheckId("lineId", line.LineId);
            InputRules.CheckId("poolId", line.PoolId);
            InputRules.CheckNumber($"quantity of line {line.LineId}", line.Quantity, 0);
            if (line.ReservationId is { } reservationId)
            {
                InputRules.CheckId("reservationId", reservationId);
            }
            if (!lines.Add(line.LineId))
            {
                throw new BadRecordException($"line '{InputRules.Short(line.LineId)}' is in it twice");
            }
        }
    }

    /// <exception cref="BadRecordException">It is no word about a payment.</exception>
    public static void Check(string? key, PaymentStatus status)
    {
        InputRules.CheckKey("orderRef", key, status.OrderRef);
        InputRules.CheckId("paymentId", status.PaymentId);
        InputRules.CheckNumber("version", status.Version, 0);
        InputRules.CheckNumber("amountMinor", status.AmountMinor, 0);
        if (status.State == PaymentState.Unknown)
        {
            throw new BadRecordException("its state is none that is known");
        }
        if (status.Currency.Length != CurrencyLength || !status.Currency.All(char.IsAsciiLetterUpper))
        {
            throw new BadRecordException(
                $"currency '{InputRules.Short(status.Currency)}' is not three capital letters of ISO 4217");
        }
    }
}
