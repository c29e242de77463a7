using Microsoft.Data.Sqlite;

namespace Alloc.Samples.LegacyAdapter;

/// <summary>A row of the warehouse system: goods that were moved. Nothing in it is understood yet.</summary>
internal sealed record LegacyMovement(
    long Id, string Document, string Position, string Code, string Article, string Depot, string Quantity, string Unit,
    string Order, string Line, string BookedAt);

/// <summary>An order as it is now, and the number of its last change.</summary>
internal sealed record LegacyOrder(string Number, long Change, string Status, IReadOnlyList<LegacyOrderLine> Lines);

/// <summary>A line of an order.</summary>
internal sealed record LegacyOrderLine(string Line, string Article, string Depot, string Quantity, string Unit);

/// <summary>
/// The database of the warehouse system that the adapter stands before: its own words, codes, units and number formats.
/// The adapter only reads it; where it is not there yet, it is created so that there is something to try.
/// </summary>
internal sealed class LegacySystem : IDisposable
{
    // lagerbew: stock movements; bwart is the movement type, me the unit. auftrag: orders; aendid grows with each
    // change of any of them.
    private const string Tables =
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS lagerbew (
            id INTEGER PRIMARY KEY AUTOINCREMENT, beleg TEXT NOT NULL, pos TEXT NOT NULL, bwart TEXT NOT NULL,
            artikel TEXT NOT NULL, lager TEXT NOT NULL, menge TEXT NOT NULL, me TEXT NOT NULL,
            auftrag TEXT NOT NULL DEFAULT '', apos TEXT NOT NULL DEFAULT '', zeit TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS auftrag (aufnr TEXT PRIMARY KEY, aendid INTEGER NOT NULL, stat TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS auftrag_aendid ON auftrag (aendid);
        CREATE TABLE IF NOT EXISTS aufpos (
            aufnr TEXT NOT NULL, pos TEXT NOT NULL, artikel TEXT NOT NULL, lager TEXT NOT NULL, menge TEXT NOT NULL,
            me TEXT NOT NULL, PRIMARY KEY (aufnr, pos));
        """;

    private const string Movements =
        "SELECT id, beleg, pos, bwart, artikel, lager, menge, me, auftrag, apos, zeit FROM lagerbew";

    private readonly SqliteConnection database;

    public LegacySystem(string path) => database = SqliteTables.Open(path, Tables);

    /// <summary>What people in the warehouse do: no part of an adapter, but there must be something to read.</summary>
    public void Book(
        string code, string article, string depot, string quantity, string unit, string order, string line) =>
        database.Execute(
            """
            INSERT INTO lagerbew (beleg, pos, bwart, artikel, lager, menge, me, auftrag, apos, zeit)
            VALUES ((SELECT 4900001 + COUNT(*) FROM lagerbew), '10', $code, $article, $depot, $quantity, $unit, $order,
                $line, strftime('%Y-%m-%d %H:%M:%S', 'now', '+1 hour'))
            """,
            ("$code", code), ("$article", article), ("$depot", depot), ("$quantity", quantity), ("$unit", unit),
            ("$order", order), ("$line", line));

    /// <summary>Rows behind an id, by id.</summary>
    public IReadOnlyList<LegacyMovement> MovementsAfter(long id, int most) => database.Rows(
        $"{Movements} WHERE id > $id ORDER BY id LIMIT $most", Movement, ("$id", id), ("$most", most));

    /// <summary>One row; null: it is gone.</summary>
    public LegacyMovement? MovementOf(long id) =>
        database.Rows($"{Movements} WHERE id = $id", Movement, ("$id", id)).SingleOrDefault();

    /// <summary>Orders that were changed behind a change, by change.</summary>
    public IReadOnlyList<LegacyOrder> OrdersAfter(long change, int most) => database.Rows(
        "SELECT aufnr, aendid, stat FROM auftrag WHERE aendid > $change ORDER BY aendid LIMIT $most", Order,
        ("$change", change), ("$most", most));

    /// <summary>One order; null: it is gone.</summary>
    public LegacyOrder? OrderOf(string number) => database.Rows(
        "SELECT aufnr, aendid, stat FROM auftrag WHERE aufnr = $number", Order, ("$number", number)).SingleOrDefault();

    public void Dispose() => database.Dispose();

    private static LegacyMovement Movement(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5),
        row.GetString(6), row.GetString(7), row.GetString(8), row.GetString(9), row.GetString(10));

    private LegacyOrder Order(SqliteDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), database.Rows(
            "SELECT pos, artikel, lager, menge, me FROM aufpos WHERE aufnr = $number ORDER BY pos",
            line => new LegacyOrderLine(
                line.GetString(0), line.GetString(1), line.GetString(2), line.GetString(3), line.GetString(4)),
            ("$number", row.GetString(0))));
}
