using Microsoft.Data.Sqlite;

namespace Alloc.Samples.Outbox;

/// <summary>A command that waits to be sent.</summary>
/// <param name="Id">Its row, from 1.</param>
/// <param name="Pool">The pool.</param>
/// <param name="Order">The order that wants seats.</param>
/// <param name="Seats">How many, at least 1.</param>
/// <param name="CreatedAtMs">When the order was placed, milliseconds since 1970 UTC.</param>
internal sealed record OutboxRow(long Id, string Pool, string Order, long Seats, long CreatedAtMs);

/// <summary>
/// The shop's own database. An order and the command that follows from it are written in one transaction: there is
/// never one without the other, whether or not Kafka can be reached.
/// </summary>
internal sealed class ShopDatabase : IDisposable
{
    private readonly SqliteConnection database;

    public ShopDatabase(string path)
    {
        database = new SqliteConnection($"Data Source={path}");
        database.Open();
        using var create = Command(
            """
            CREATE TABLE IF NOT EXISTS shop_order (id TEXT PRIMARY KEY, pool TEXT NOT NULL, seats INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS outbox (
                id INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, created_at INTEGER NOT NULL,
                sent INTEGER NOT NULL DEFAULT 0);
            """);
        create.ExecuteNonQuery();
    }

    public void PlaceOrder(string pool, string order, long seats)
    {
        using var transaction = database.BeginTransaction();
        using var insert = Command(
            """
            INSERT INTO shop_order VALUES ($order, $pool, $seats);
            INSERT INTO outbox (order_id, created_at) VALUES ($order, $now);
            """,
            ("$order", order), ("$pool", pool), ("$seats", seats),
            ("$now", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        insert.ExecuteNonQuery();
        transaction.Commit();
    }

    /// <summary>What waits, in the order in which it was written.</summary>
    public IReadOnlyList<OutboxRow> Unsent(int most)
    {
        using var select = Command(
            """
            SELECT outbox.id, pool, order_id, seats, created_at FROM outbox JOIN shop_order ON shop_order.id = order_id
            WHERE sent = 0 ORDER BY outbox.id LIMIT $most
            """,
            ("$most", most));
        using var reader = select.ExecuteReader();
        var rows = new List<OutboxRow>();
        while (reader.Read())
        {
            rows.Add(new OutboxRow(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4)));
        }
        return rows;
    }

    public void MarkSent(OutboxRow row)
    {
        using var update = Command("UPDATE outbox SET sent = 1 WHERE id = $id", ("$id", row.Id));
        update.ExecuteNonQuery();
    }

    public void Dispose() => database.Dispose();

    private SqliteCommand Command(string sql, params (string Name, object Value)[] parameters)
    {
        var command = database.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }
        return command;
    }
}
