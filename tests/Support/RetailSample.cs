using System.Globalization;
using System.Text;

namespace Alloc.Tests.Support;

/// <summary>A few days of a small shop in the file's format, so that tests need no data set.</summary>
internal static class RetailSample
{
    public const string Header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    /// <summary>
    /// Invoices with several lines, cancellations of the same and of later days, and one dirty line of each sort.
    /// </summary>
    public static string Text(int lines, int seed = 1)
    {
        var random = new Random(seed);
        var text = new StringBuilder(Header);
        var at = new DateTime(2010, 12, 1, 8, 0, 0);
        var sold = new List<(string Code, int Quantity, string Customer)>();
        var invoice = 536_365;
        for (var i = 0; i < lines;)
        {
            at = at.AddMinutes(random.Next(1, 20));
            invoice++;
            var customer = $"{random.Next(12_000, 12_040)}.0";
            if (sold.Count > 20 && random.Next(12) == 0)
            {
                var (code, quantity, who) = sold[random.Next(sold.Count)];
                Line(text, $"C{invoice}", code, -random.Next(1, quantity + 1), at, "2.10", who);
                i++;
                continue;
            }
            for (var n = random.Next(1, 8); n > 0 && i < lines; n--, i++)
            {
                var code = $"{22000 + (int)(40 * random.NextDouble() * random.NextDouble())}";
                var quantity = random.Next(1, 13);
                sold.Add((code, quantity, customer));
                Line(text, $"{invoice}", code, quantity, at, "2.10", customer);
            }
        }
        return text.ToString();
    }

    /// <summary>One line of each reason for which a line is refused.</summary>
    public static string Dirty() => Header
        + "536365,85123A,LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
        + "536365,85123A,TOO FEW,6\n"
        + "536365,85123A,BAD QUANTITY,six,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
        + "536365,85123A,ZERO,0,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
        + "536365,85123A,BAD DATE,6,yesterday,2.55,17850.0,United Kingdom\n"
        + ",85123A,NO INVOICE,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
        + "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850.0,France\n"
        + "A563185,B,Adjust bad debt,1,2010-12-01 08:26:00,11062.06,,United Kingdom\n"
        + "536589,21777,damaged,-10,2010-12-01 16:50:00,0.0,,United Kingdom\n"
        + "C536590,21777,POSITIVE,10,2010-12-01 16:50:00,1.0,17850.0,United Kingdom\n"
        + "536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom\n"
        + "\"536415\",22140,\"QUOTED, WITH \"\"COMMA\"\"\",5,2010-12-01 11:53:00,1.0,17850.0,United Kingdom\n";

    private static void Line(StringBuilder text, string invoice, string code, int quantity, DateTime at, string price,
        string customer) =>
        text.Append(CultureInfo.InvariantCulture,
            $"{invoice},{code},THING,{quantity},{at:yyyy-MM-dd HH:mm:ss},{price},{customer},United Kingdom\n");
}
