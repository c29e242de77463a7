using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Alloc.Replay;

/// <summary>Reads a trace: CSV with a header, one item a line.</summary>
internal static class TraceReader
{
    /// <summary>Reads a line; null where it cannot be replayed, with the reason.</summary>
    public delegate TraceItem? LineReader(CsvParser csv, long row, out RejectReason reason);

    /// <summary>Reads items in file order.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="format">Name of the format, for messages.</param>
    /// <param name="header">The columns that it must have.</param>
    /// <param name="limit">Only the first lines of the file; null for all.</param>
    /// <param name="read">Reads one line.</param>
    /// <param name="onReject">Called with each line that is not replayed.</param>
    /// <exception cref="InvalidDataException">The header is not that of the format.</exception>
    public static (List<TraceItem> Items, long LineCount, Dictionary<RejectReason, long> Rejected) Read(
        TextReader text, string format, string header, long? limit, LineReader read, Action<RejectedLine> onReject)
    {
        using var csv = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = null,
            CacheFields = true,
        });
        var columns = header.Split(',');
        if (!csv.Read() || !columns.SequenceEqual(csv.Record ?? []))
        {
            throw new InvalidDataException($"Not the {format} format: the header must be {header}.");
        }
        var items = new List<TraceItem>();
        var rejected = new Dictionary<RejectReason, long>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long row = 1;
        while ((limit is null || row <= limit) && csv.Read())
        {
            row++;
            var reason = RejectReason.WrongColumnCount;
            var item = csv.Count == columns.Length ? read(csv, row, out reason) : null;
            if (item is not null && !names.Add(item.Id))
            {
                (item, reason) = (null, RejectReason.SameKeyAgain);
            }
            if (item is null)
            {
                rejected[reason] = rejected.GetValueOrDefault(reason) + 1;
                onReject(new RejectedLine(csv.RawRow, reason, csv.RawRecord.TrimEnd('\r', '\n')));
                continue;
            }
            items.Add(item);
        }
        return (items, row - 1, rejected);
    }

    /// <summary>A whole number within bounds.</summary>
    public static bool TryNumber(string text, long minimum, long maximum, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
        && value >= minimum && value <= maximum;
}
