using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Alloc.Samples.LegacyAdapter;

/// <summary>A row of the nightly file: what was counted.</summary>
/// <param name="Article">The article's number.</param>
/// <param name="Depot">The depot's code.</param>
/// <param name="OnHand">What is there, blocked included.</param>
/// <param name="Blocked">What of it is not for sale.</param>
/// <param name="Unit">The unit of both.</param>
/// <param name="TakenAt">When it was counted.</param>
/// <param name="LastBooked">The last movement, by its id, that is inside the count.</param>
internal sealed record LegacyCount(
    string Article, string Depot, string OnHand, string Blocked, string Unit, string TakenAt, string LastBooked);

/// <summary>The nightly file cannot be read as a whole.</summary>
internal sealed class CountFileException(string message) : Exception(message);

/// <summary>The file that the ERP writes every night: semicolons, and the columns below in any order.</summary>
internal static class CountFile
{
    private static readonly string[] Columns =
        ["ARTIKEL", "LAGER", "BESTAND", "GESPERRT", "ME", "STAND", "BIS_ID"];

    /// <exception cref="CountFileException">A column is missing, or a row is shorter than the others.</exception>
    public static IReadOnlyList<LegacyCount> Read(string path)
    {
        using var text = new StreamReader(path);
        using var csv = new CsvReader(text, new CsvConfiguration(CultureInfo.InvariantCulture) { Delimiter = ";" });
        var rows = new List<LegacyCount>();
        try
        {
            csv.Read();
            csv.ReadHeader();
            if (Columns.Except(csv.HeaderRecord!).ToList() is { Count: > 0 } missing)
            {
                throw new CountFileException(
                    $"{path}: {string.Join(", ", missing)} is missing; the first line names "
                    + $"{string.Join(';', Columns)}.");
            }
            while (csv.Read())
            {
                var fields = Array.ConvertAll(Columns, c => csv.GetField(c)!.Trim());
                rows.Add(new LegacyCount(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], fields[6]));
            }
        }
        catch (CsvHelperException e)
        {
            // Half a file is not the night's count: none of it is taken.
            throw new CountFileException($"{path}:{csv.Context.Parser?.RawRow}: {e.Message.Split('\n')[0]}");
        }
        return rows;
    }
}
