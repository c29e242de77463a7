using System.Globalization;
using System.IO.Compression;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Alloc.Cli.Replay;

/// <summary>Reads the UCI Online Retail file: CSV with a header, gzip or plain.</summary>
internal static class RetailReader
{
    private const int ColumnCount = 8;
    private const int MaximumQuantity = 1_000_000;

    /// <summary>Opens the file as text; gzip is recognised by its first two bytes.</summary>
    public static TextReader Open(string path)
    {
        var file = File.OpenRead(path);
        var bytes = IsGzip(file) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        return new StreamReader(bytes, Encoding.UTF8);
    }

    /// <summary>Reads lines in file order, handing each to one of the two callbacks.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="onLine">Called with each line that can be replayed.</param>
    /// <param name="onReject">Called with each line that cannot.</param>
    /// <exception cref="InvalidDataException">The header is not that of the format.</exception>
    public static void Read(TextReader text, Action<RetailLine> onLine, Action<RejectedLine> onReject)
    {
        using var csv = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = null,
            CacheFields = true,
        });
        if (!csv.Read() || csv.Count != ColumnCount || csv[0] != "InvoiceNo" || csv[4] != "InvoiceDate")
        {
            throw new InvalidDataException(
                "Not the online-retail format: the header must be InvoiceNo,StockCode,Description,Quantity,"
                + "InvoiceDate,UnitPrice,CustomerID,Country.");
        }
        var lineNumbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var interned = new Dictionary<string, string>(StringComparer.Ordinal);
        while (csv.Read())
        {
            var line = ReadLine(csv, lineNumbers, interned, out var reason);
            if (line is not null)
            {
                onLine(line);
            }
            else
            {
                onReject(new RejectedLine(csv.RawRow, reason, csv.RawRecord.TrimEnd('\r', '\n')));
            }
        }
    }

    private static RetailLine? ReadLine(
        CsvParser csv, Dictionary<string, int> lineNumbers, Dictionary<string, string> interned,
        out RejectReason reason)
    {
        if (csv.Count != ColumnCount)
        {
            reason = RejectReason.WrongColumnCount;
            return null;
        }
        var invoice = Intern(interned, csv[0].Trim());
        // Counted before anything is rejected, so that a line keeps its number whatever the rules are.
        var number = lineNumbers[invoice] = lineNumbers.GetValueOrDefault(invoice) + 1;
        var stockCode = Intern(interned, csv[1].Trim());
        if (invoice.Length == 0 || stockCode.Length == 0)
        {
            reason = RejectReason.NoKey;
            return null;
        }
        if (!int.TryParse(csv[3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var quantity)
            || quantity == 0 || Math.Abs((long)quantity) > MaximumQuantity)
        {
            reason = RejectReason.BadQuantity;
            return null;
        }
        if (!DateTime.TryParseExact(
            csv[4], "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var soldAt))
        {
            reason = RejectReason.BadDate;
            return null;
        }
        var customer = csv[6].Length == 0 ? null : Intern(interned, csv[6]);
        var isCancellation = invoice[0] == 'C';
        if (Refusal(invoice, stockCode, quantity, IsFree(csv[5]), customer, isCancellation) is { } refused)
        {
            reason = refused;
            return null;
        }
        reason = default;
        return new RetailLine(invoice, number, stockCode, Math.Abs(quantity), soldAt, customer);
    }

    private static RejectReason? Refusal(
        string invoice, string stockCode, int quantity, bool isFree, string? customer,
        bool isCancellation) => true switch
        {
            _ when invoice[0] == 'A' => RejectReason.BadDebt,
            _ when !IsMerchandise(stockCode) => RejectReason.NotMerchandise,
            _ when isCancellation && quantity > 0 => RejectReason.PositiveCancellation,
            _ when !isCancellation && quantity < 0 => RejectReason.WriteOff,
            _ when isFree && customer is null => RejectReason.NotASale,
            _ => null,
        };

    /// <summary>Merchandise has a code of five digits with letters after it, or one of the gift shop's.</summary>
    private static bool IsMerchandise(string stockCode) =>
        (stockCode.Length >= 5 && stockCode.AsSpan(0, 5).IndexOfAnyExceptInRange('0', '9') < 0)
        || stockCode.StartsWith("DCGS", StringComparison.Ordinal);

    private static bool IsFree(string price) =>
        !decimal.TryParse(price, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value <= 0;

    private static string Intern(Dictionary<string, string> interned, string text)
    {
        if (interned.TryGetValue(text, out var known))
        {
            return known;
        }
        interned[text] = text;
        return text;
    }

    private static bool IsGzip(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var count = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        file.Position = 0;
        return count == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    }
}
