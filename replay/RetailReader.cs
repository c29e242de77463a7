using System.Globalization;
using System.IO.Compression;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Alloc.Replay;

/// <summary>
/// Reads the UCI Online Retail file and its public copies: CSV with a header, gzip or plain, each with a form of dates
/// of its own.
/// </summary>
internal static class RetailReader
{
    /// <summary>A line as it is known, for messages.</summary>
    public const string Example = "536365,85123A,WHITE LANTERN,6,2010-12-01 08:26:00,2.55,17850,United Kingdom; dates "
        + "are " + RetailDates.Forms;

    private const string FirstHeader =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

    private const string SecondHeader = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country";

    private const int ColumnCount = 8;
    private const int MaximumQuantity = 1_000_000;

    /// <summary>Opens the file as text; gzip is recognised by its first two bytes.</summary>
    public static TextReader Open(string path)
    {
        var file = File.OpenRead(path);
        var bytes = IsGzip(file) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        return new StreamReader(bytes, Encoding.UTF8);
    }

    /// <summary>Whether a line is the header of the file, or of one of its copies.</summary>
    public static bool IsHeader(string line) =>
        line.Replace("\"", "", StringComparison.Ordinal).Trim() is FirstHeader or SecondHeader;

    /// <summary>Reads lines in file order, handing each to one of the two callbacks.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="onLine">Called with each line that can be replayed.</param>
    /// <param name="onReject">Called with each line that cannot.</param>
    /// <param name="form">The form of its dates.</param>
    /// <exception cref="InvalidDataException">
    /// The header is not that of the format, or the form of the dates cannot be told.
    /// </exception>
    public static void Read(
        TextReader text, Action<RetailLine> onLine, Action<RejectedLine> onReject, DateForm form = DateForm.Auto)
    {
        using var csv = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = null,
            CacheFields = true,
        });
        if (!csv.Read() || !IsHeader(string.Join(',', csv.Record ?? [])))
        {
            throw new InvalidDataException(
                $"Not the online-retail format: the header must be {FirstHeader} or {SecondHeader}.");
        }
        var dates = new RetailDates(form);
        var lineNumbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var interned = new Dictionary<string, string>(StringComparer.Ordinal);
        // Lines wait here while nothing tells what their dates mean.
        var waiting = new List<Undated>();
        while (csv.Read())
        {
            var line = Read(csv, dates, lineNumbers, interned);
            waiting.Add(line);
            if (dates.Form != DateForm.Auto)
            {
                Pass(waiting, dates, onLine, onReject);
            }
        }
        dates.Decide();
        Pass(waiting, dates, onLine, onReject);
    }

    private static void Pass(
        List<Undated> waiting, RetailDates dates, Action<RetailLine> onLine, Action<RejectedLine> onReject)
    {
        foreach (var line in waiting)
        {
            DateTime soldAt = default;
            var reason = line.Before
                ?? (dates.TryRead(line.Date, out soldAt) ? line.After : RejectReason.BadDate);
            if (reason is null)
            {
                onLine(line.Line! with { SoldAt = soldAt });
            }
            else
            {
                onReject(new RejectedLine(line.Row, reason.Value, line.Raw ?? ""));
            }
        }
        waiting.Clear();
    }

    private static Undated Read(
        CsvParser csv, RetailDates dates, Dictionary<string, int> lineNumbers, Dictionary<string, string> interned)
    {
        Undated Rejected(RejectReason reason) => new() { Row = csv.RawRow, Before = reason, Raw = Raw(csv) };
        if (csv.Count != ColumnCount)
        {
            return Rejected(RejectReason.WrongColumnCount);
        }
        var invoice = Intern(interned, csv[0].Trim());
        // Counted before anything is rejected, so that a line keeps its number whatever the rules are.
        var number = lineNumbers[invoice] = lineNumbers.GetValueOrDefault(invoice) + 1;
        var stockCode = Intern(interned, csv[1].Trim());
        if (invoice.Length == 0 || stockCode.Length == 0)
        {
            return Rejected(RejectReason.NoKey);
        }
        if (!int.TryParse(csv[3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var quantity)
            || quantity == 0 || Math.Abs((long)quantity) > MaximumQuantity)
        {
            return Rejected(RejectReason.BadQuantity);
        }
        var date = Intern(interned, csv[4]);
        dates.See(csv.RawRow, date);
        var customer = csv[6].Length == 0 ? null : Intern(interned, csv[6]);
        var refused = Refusal(invoice, stockCode, quantity, IsFree(csv[5]), customer, invoice[0] == 'C');
        return new Undated
        {
            Row = csv.RawRow,
            Date = date,
            After = refused,
            Line = new RetailLine(invoice, number, stockCode, Math.Abs(quantity), default, customer),
            // What may yet be rejected is kept as it stands.
            Raw = refused is not null || !dates.MayBeRead(date) ? Raw(csv) : null,
        };
    }

    private static string Raw(CsvParser csv) => csv.RawRecord.TrimEnd('\r', '\n');

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

    /// <summary>A line of the file before it is known how its dates are to be read.</summary>
    private sealed class Undated
    {
        public required long Row { get; init; }

        public string Date { get; init; } = "";

        /// <summary>Why it is rejected whatever its date is.</summary>
        public RejectReason? Before { get; init; }

        /// <summary>Why it is rejected where its date is good.</summary>
        public RejectReason? After { get; init; }

        public RetailLine? Line { get; init; }

        public string? Raw { get; init; }
    }
}
