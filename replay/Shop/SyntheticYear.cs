using System.Globalization;
using System.Text;

namespace Alloc.Replay.Shop;

/// <summary>
/// A year in the form of the retail file, from a seed: as many invoices, lines and stock codes as the real one, with
/// its skew, its large orders and its cancellations.
/// </summary>
internal static class SyntheticYear
{
    /// <summary>Lines of the real year.</summary>
    public const int RealLineCount = 541_909;

    private const int CodeCount = 4_070;
    private const int CustomerCount = 4_372;
    private const int MeanLines = 21;
    private const int CancelledPercent = 15;
    private const int Days = 374;
    private static readonly DateTime Begin = new(2010, 12, 1, 8, 0, 0, DateTimeKind.Unspecified);

    /// <summary>Writes it.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="lineCount">Lines, about: the last invoice is whole.</param>
    public static TextReader Write(long seed, int lineCount)
    {
        var seeded = new Seeded(seed);
        var text = new StringBuilder(
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
        var sold = new List<(int Code, int Quantity, int Customer)>();
        var written = 0;
        for (var invoice = 536_365; written < lineCount; invoice++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{invoice}");
            var at = Begin.AddMinutes((long)Days * 24 * 60 * written / Math.Max(1, lineCount));
            var customer = seeded.Next("customer/" + name, CustomerCount);
            if (sold.Count > 0 && seeded.Next("kind/" + name, 100) < CancelledPercent)
            {
                var (code, quantity, buyer) = sold[seeded.Next("taken-back/" + name, sold.Count)];
                Append(text, "C" + name, code, -(1 + seeded.Next("part/" + name, quantity)), at, buyer);
                written++;
                continue;
            }
            var count = Count(seeded, name);
            for (var line = 0; line < count; line++, written++)
            {
                var of = string.Create(CultureInfo.InvariantCulture, $"{name}/{line}");
                // Few codes sell much, most sell little.
                var code = (int)(CodeCount * Math.Pow(seeded.Between("code/" + of, 0, 1), 3));
                var quantity = 1 + (int)(60 * Math.Pow(seeded.Between("quantity/" + of, 0, 1), 4));
                Append(text, name, code, quantity, at, customer);
                if (line == 0)
                {
                    sold.Add((code, quantity, customer));
                }
            }
        }
        return new StringReader(text.ToString());
    }

    // A tenth has one line, one of a thousand has hundreds.
    private static int Count(Seeded seeded, string name) => seeded.Next("size/" + name, 1_000) switch
    {
        < 100 => 1,
        > 998 => 500 + seeded.Next("many/" + name, 600),
        _ => 1 + seeded.Next("lines/" + name, 2 * MeanLines),
    };

    private static void Append(StringBuilder text, string invoice, int code, int quantity, DateTime at, int customer) =>
        text.Append(
            CultureInfo.InvariantCulture,
            $"{invoice},{10_000 + code},THING {code},{quantity},{at:yyyy-MM-dd HH:mm:ss},2.55,{12_000 + customer},"
            + $"United Kingdom\n");
}
