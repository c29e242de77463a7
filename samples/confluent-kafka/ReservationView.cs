using Avro.Generic;
using Confluent.Kafka;
using Microsoft.Data.Sqlite;

namespace Alloc.Samples.ConfluentKafka;

/// <summary>What this service makes of outcomes: the newest state of every reservation, in its own database.</summary>
internal sealed class ReservationView : IDisposable
{
    private readonly SqliteConnection database;

    public ReservationView(string path)
    {
        database = new SqliteConnection($"Data Source={path}");
        database.Open();
        Execute(
            """
            CREATE TABLE IF NOT EXISTS position (part INTEGER PRIMARY KEY, next INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS pool (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS reservation (
                pool TEXT, id TEXT, held INTEGER NOT NULL, confirmed INTEGER NOT NULL, PRIMARY KEY (pool, id));
            """);
    }

    /// <summary>Where to go on in a partition; null: nothing was read yet.</summary>
    public Offset? PositionOf(int partition) =>
        Ask("SELECT next FROM position WHERE part = $part", ("$part", partition)) is long next
            ? new Offset(next)
            : null;

    /// <summary>Takes an outcome into the view, with its position, in one transaction.</summary>
    /// <returns>Whether it was new.</returns>
    /// <exception cref="InvalidOperationException">Outcomes before it are missing.</exception>
    public bool Apply(GenericRecord outcome, TopicPartitionOffset at)
    {
        using var transaction = database.BeginTransaction();
        var (pool, sequence) = ((string)outcome["poolId"], (long)outcome["sequence"]);
        var expected = (Ask("SELECT sequence FROM pool WHERE id = $id", ("$id", pool)) as long? ?? 0) + 1;
        if (sequence > expected)
        {
            throw new InvalidOperationException(
                $"{pool}#{expected} is missing before #{sequence}: delete the view and read from the beginning.");
        }
        if (sequence == expected)
        {
            Execute("INSERT OR REPLACE INTO pool VALUES ($id, $sequence)", ("$id", pool), ("$sequence", sequence));
            // Every reservation that it touched comes complete: nothing has to be added up.
            foreach (GenericRecord after in (IEnumerable<object>)outcome["after"])
            {
                Execute(
                    "INSERT OR REPLACE INTO reservation VALUES ($pool, $id, $held, $confirmed)", ("$pool", pool),
                    ("$id", after["reservationId"]), ("$held", after["held"]), ("$confirmed", after["confirmed"]));
            }
        }
        Execute(
            "INSERT OR REPLACE INTO position VALUES ($part, $next)", ("$part", at.Partition.Value),
            ("$next", at.Offset.Value + 1));
        transaction.Commit();
        return sequence == expected;
    }

    public void Dispose() => database.Dispose();

    private object? Ask(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        return command.ExecuteScalar();
    }

    private void Execute(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, (string Name, object Value)[] parameters)
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
