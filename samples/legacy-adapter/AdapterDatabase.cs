using Microsoft.Data.Sqlite;

namespace Alloc.Samples.LegacyAdapter;

/// <summary>What kind of row of the legacy system is meant.</summary>
internal enum RowKind
{
    /// <summary>Goods moved.</summary>
    Movement,

    /// <summary>Stock was counted.</summary>
    Count,

    /// <summary>An order changed.</summary>
    Order,
}

/// <summary>A row that has no meaning here.</summary>
internal sealed record Reject(RowKind Kind, string Key, string Row, string Reason);

/// <summary>An event that waits to be sent, with the bytes that are sent however often it is.</summary>
internal sealed record WaitingEvent(long Id, string Topic, string Key, byte[] Value, string Label);

/// <summary>A movement that has its number.</summary>
internal sealed record NumberedMovement(string Row, string Pool, long Sequence);

/// <summary>
/// What the adapter knows, apart from the legacy system's own tables: which row became which number, what was rejected,
/// and what waits to be sent. A number is in here before anybody sees it: a crash repeats it and gives no other.
/// </summary>
internal sealed class AdapterDatabase : IDisposable
{
    private const string Tables =
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS cursor (kind INTEGER PRIMARY KEY, value INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS movement (
            legacy_id INTEGER PRIMARY KEY, row TEXT NOT NULL, movement TEXT NOT NULL UNIQUE, pool TEXT NOT NULL,
            sequence INTEGER NOT NULL, UNIQUE (pool, sequence));
        CREATE TABLE IF NOT EXISTS stock_count (
            pool TEXT NOT NULL, taken_at INTEGER NOT NULL, row TEXT NOT NULL, version INTEGER NOT NULL,
            PRIMARY KEY (pool, taken_at));
        CREATE TABLE IF NOT EXISTS order_word (
            number TEXT NOT NULL, change INTEGER NOT NULL, PRIMARY KEY (number, change));
        CREATE TABLE IF NOT EXISTS reject (
            kind INTEGER NOT NULL, key TEXT NOT NULL, article TEXT NOT NULL, depot TEXT NOT NULL, row TEXT NOT NULL,
            reason TEXT NOT NULL, PRIMARY KEY (kind, key));
        CREATE TABLE IF NOT EXISTS outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
            label TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (id) WHERE sent = 0;
        """;

    private readonly SqliteConnection database;

    public AdapterDatabase(string path) => database = SqliteTables.Open(path, Tables);

    /// <summary>Only one adapter writes at a time: a second one waits for the first one's transaction.</summary>
    public SqliteTransaction Begin() => database.BeginTransaction();

    /// <summary>The highest id of a kind that was read.</summary>
    public long CursorOf(RowKind kind) =>
        database.Ask("SELECT value FROM cursor WHERE kind = $kind", ("$kind", (int)kind)) as long? ?? 0;

    public void MoveCursor(RowKind kind, long value) => database.Execute(
        "INSERT INTO cursor VALUES ($kind, $value) ON CONFLICT DO UPDATE SET value = MAX(value, $value)",
        ("$kind", (int)kind), ("$value", value));

    /// <summary>A movement that was numbered before; null: it was not.</summary>
    public NumberedMovement? MovementOf(long legacyId) => database.Rows(
        "SELECT row, pool, sequence FROM movement WHERE legacy_id = $id",
        row => new NumberedMovement(row.GetString(0), row.GetString(1), row.GetInt64(2)),
        ("$id", legacyId)).SingleOrDefault();

    /// <summary>Whether another row was sent under the same id.</summary>
    public bool HasMovement(string movement) =>
        database.Ask("SELECT 1 FROM movement WHERE movement = $movement", ("$movement", movement)) is not null;

    /// <summary>Numbers a movement: the next of its pool.</summary>
    public long Number(long legacyId, string row, string movement, string pool) => (long)database.Ask(
        """
        INSERT INTO movement VALUES (
            $id, $row, $movement, $pool, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM movement WHERE pool = $pool))
        RETURNING sequence
        """,
        ("$id", legacyId), ("$row", row), ("$movement", movement), ("$pool", pool))!;

    /// <summary>
    /// The last number inside a count that has everything up to a row of the legacy system; null: numbers and rows are
    /// in another order around it, so that no number tells what is inside.
    /// </summary>
    public long? ThroughOf(string pool, long lastBooked)
    {
        var inside = database.Ask(
            "SELECT MAX(sequence) FROM movement WHERE pool = $pool AND legacy_id <= $last",
            ("$pool", pool), ("$last", lastBooked)) as long? ?? 0;
        var behind = database.Ask(
            "SELECT MIN(sequence) FROM movement WHERE pool = $pool AND legacy_id > $last",
            ("$pool", pool), ("$last", lastBooked)) as long? ?? long.MaxValue;
        return inside < behind ? inside : null;
    }

    /// <summary>Movements of an article that are inside a count and have no number yet.</summary>
    public long RejectedUpTo(string article, string depot, long lastBooked) => (long)database.Ask(
        """
        SELECT COUNT(*) FROM reject WHERE kind = $kind AND article = $article AND depot = $depot
        AND CAST(key AS INTEGER) <= $last AND CAST(key AS INTEGER) NOT IN (SELECT legacy_id FROM movement)
        """,
        ("$kind", (int)RowKind.Movement), ("$article", article), ("$depot", depot), ("$last", lastBooked))!;

    /// <summary>The row of a count that was sent before; null: none was.</summary>
    public string? CountOf(string pool, long takenAtMs) => database.Ask(
        "SELECT row FROM stock_count WHERE pool = $pool AND taken_at = $at",
        ("$pool", pool), ("$at", takenAtMs)) as string;

    /// <summary>When the newest count of a pool was taken, milliseconds since 1970 UTC; null: it has none.</summary>
    public long? LastCountAtMs(string pool) => database.Ask(
        "SELECT MAX(taken_at) FROM stock_count WHERE pool = $pool", ("$pool", pool)) as long?;

    /// <summary>Gives a count its version: the next of its pool.</summary>
    public long Version(string pool, long takenAtMs, string row) => (long)database.Ask(
        """
        INSERT INTO stock_count VALUES (
            $pool, $at, $row, (SELECT COALESCE(MAX(version), 0) + 1 FROM stock_count WHERE pool = $pool))
        RETURNING version
        """,
        ("$pool", pool), ("$at", takenAtMs), ("$row", row))!;

    /// <summary>Notes what an order said.</summary>
    /// <returns>Whether that was new.</returns>
    public bool Note(LegacyOrder order) => database.Execute(
        "INSERT OR IGNORE INTO order_word VALUES ($number, $change)",
        ("$number", order.Number), ("$change", order.Change)) > 0;

    public void Add(string topic, string key, byte[] value, string label) => database.Execute(
        "INSERT INTO outbox (topic, key, value, label) VALUES ($topic, $key, $value, $label)",
        ("$topic", topic), ("$key", key), ("$value", value), ("$label", label));

    /// <summary>What waits, in the order in which it was added.</summary>
    public IReadOnlyList<WaitingEvent> Waiting(int most) => database.Rows(
        "SELECT id, topic, key, value, label FROM outbox WHERE sent = 0 ORDER BY id LIMIT $most",
        row => new WaitingEvent(
            row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetFieldValue<byte[]>(3), row.GetString(4)),
        ("$most", most));

    public void MarkSent(WaitingEvent waiting) =>
        database.Execute("UPDATE outbox SET sent = 1 WHERE id = $id", ("$id", waiting.Id));

    /// <summary>Keeps a row that has no meaning, with the reason.</summary>
    public void Keep(Reject reject, string article = "", string depot = "") => database.Execute(
        "INSERT OR REPLACE INTO reject VALUES ($kind, $key, $article, $depot, $row, $reason)",
        ("$kind", (int)reject.Kind), ("$key", reject.Key), ("$article", article), ("$depot", depot),
        ("$row", reject.Row), ("$reason", reject.Reason));

    /// <summary>Lets a row go that has a meaning now.</summary>
    public void Let(RowKind kind, string key) => database.Execute(
        "DELETE FROM reject WHERE kind = $kind AND key = $key", ("$kind", (int)kind), ("$key", key));

    public IReadOnlyList<Reject> Rejects() => database.Rows(
        "SELECT kind, key, row, reason FROM reject ORDER BY kind, CAST(key AS INTEGER), key",
        row => new Reject((RowKind)row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetString(3)));

    public void Dispose() => database.Dispose();
}
