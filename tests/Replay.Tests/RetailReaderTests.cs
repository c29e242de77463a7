using Alloc.Replay;
using Alloc.Tests.Support;

namespace Replay.Tests;

public sealed class RetailReaderTests
{
    [Fact]
    public void Every_line_is_either_read_or_refused_with_its_reason()
    {
        var lines = new List<RetailLine>();
        var rejects = new List<RejectedLine>();

        RetailReader.Read(new StringReader(RetailSample.Dirty()), lines.Add, rejects.Add);

        Assert.Equal(["85123A", "22140"], lines.Select(l => l.StockCode));
        Assert.Equal(
            [
                RejectReason.WrongColumnCount, RejectReason.BadQuantity, RejectReason.BadQuantity, RejectReason.BadDate,
                    RejectReason.NoKey,
                RejectReason.NotMerchandise, RejectReason.BadDebt, RejectReason.WriteOff,
                    RejectReason.PositiveCancellation, RejectReason.NotASale,
            ],
            rejects.Select(r => r.Reason));
        Assert.Equal("536365,85123A,TOO FEW,6", rejects[0].Text);
        Assert.Equal(3, rejects[0].Row);
    }

    [Fact]
    public void Lines_are_numbered_within_their_invoice_whatever_is_refused()
    {
        var lines = new List<RetailLine>();
        var text = RetailSample.Header
            + "1,22000,A,1,2010-12-01 08:26:00,1.0,1.0,UK\n1,POST,B,1,2010-12-01 "
            + "08:26:00,1.0,1.0,UK\n1,22001,C,1,2010-12-01 08:26:00,1.0,1.0,UK\n";

        RetailReader.Read(new StringReader(text), lines.Add, _ => { });

        Assert.Equal(["1/1", "1/3"], lines.Select(l => l.ReservationId));
    }

    [Fact]
    public void Another_format_is_refused()
    {
        var e = Assert.Throws<InvalidDataException>(
            () => RetailReader.Read(new StringReader("a,b,c\n1,2,3\n"), _ => { }, _ => { }));

        Assert.Contains("InvoiceNo", e.Message, StringComparison.Ordinal);
    }
}
