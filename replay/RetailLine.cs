namespace Alloc.Replay;

/// <summary>One invoice line that can be replayed.</summary>
/// <param name="Invoice">Invoice number; one that starts with <c>C</c> cancels earlier sales.</param>
/// <param name="Number">Number of the line within its invoice, from 1.</param>
/// <param name="StockCode">What was sold: the pool.</param>
/// <param name="Quantity">Pieces, always positive.</param>
/// <param name="SoldAt">When the invoice was written, in the shop's time.</param>
/// <param name="Customer">Customer number, or null where the file has none.</param>
internal sealed record RetailLine(
    string Invoice, int Number, string StockCode, int Quantity, DateTime SoldAt, string? Customer)
{
    /// <summary>Whether this line takes back what an earlier invoice sold.</summary>
    public bool IsCancellation => Invoice.StartsWith('C');

    /// <summary>The reservation that a sale makes: invoice and line number.</summary>
    public string ReservationId => $"{Invoice}/{Number}";
}

/// <summary>Why a line of the file is not replayed.</summary>
internal enum RejectReason
{
    /// <summary>A column is missing, or the line has too many.</summary>
    WrongColumnCount,

    /// <summary>The quantity is not a whole number between 1 and 1,000,000 (or its negative).</summary>
    BadQuantity,

    /// <summary>The date is none, or not of the form that the file's dates have.</summary>
    BadDate,

    /// <summary>Invoice number or stock code is empty.</summary>
    NoKey,

    /// <summary>Postage, fees, discounts, vouchers or samples: no stock behind it.</summary>
    NotMerchandise,

    /// <summary>An invoice that adjusts bad debt.</summary>
    BadDebt,

    /// <summary>A negative quantity on an invoice that is not a cancellation: a write-off.</summary>
    WriteOff,

    /// <summary>A cancellation with a positive quantity.</summary>
    PositiveCancellation,

    /// <summary>No price and no customer: a correction of stock, not a sale.</summary>
    NotASale,

    /// <summary>The name of an earlier line again.</summary>
    SameKeyAgain,

    /// <summary>A class of service that the format does not have.</summary>
    UnknownClass,

    /// <summary>It is scheduled before it is created, or deleted before that.</summary>
    EndsBeforeItBegins,
}

/// <summary>A line that is not replayed, as it stands in the file.</summary>
/// <param name="Row">Line of the file, from 1 (the header).</param>
/// <param name="Reason">Why.</param>
/// <param name="Text">The line as it stands.</param>
internal sealed record RejectedLine(long Row, RejectReason Reason, string Text);
