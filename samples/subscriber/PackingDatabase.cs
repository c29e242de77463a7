using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Confluent.Kafka;
using Microsoft.Data.Sqlite;

namespace Alloc.Samples.Subscriber;

/// <summary>Outcomes of a pool are missing: what follows them must not be acted on.</summary>
internal sealed class JournalGapException(string message) : Exception(message);

/// <summary>
/// The service's own database. What is done about an outcome, that it was done, the receipt that is owed for it and the
/// position behind it are one transaction: whenever the process dies, all of it is there, or nothing is.
/// </summary>
internal sealed class PackingDatabase : IDisposable
{
    private const string Tables =
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS position (
            topic TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, part));
        CREATE TABLE IF NOT EXISTS pool (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL);
        -- What the packers work by. Never replaced: the same effect twice would be two slips.
        CREATE TABLE IF NOT EXISTS slip (
            no INTEGER PRIMARY KEY AUTOINCREMENT, outcome TEXT NOT NULL, pool TEXT NOT NULL,
            reservation TEXT NOT NULL, units INTEGER NOT NULL);
        CREATE INDEX IF NOT EXISTS slip_of ON slip (pool, reservation);
        -- Every outcome that was dealt with, and what is said of it: the memory, and the outbox of receipts.
        CREATE TABLE IF NOT EXISTS receipt (
            outcome TEXT PRIMARY KEY, pool TEXT NOT NULL, sequence INTEGER NOT NULL, reservation TEXT NOT NULL,
            event TEXT NOT NULL, result INTEGER NOT NULL, effect TEXT NOT NULL, reason TEXT,
            sent INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX IF NOT EXISTS receipt_of ON receipt (pool, reservation);
        CREATE INDEX IF NOT EXISTS receipt_owed ON receipt (outcome) WHERE sent = 0;
        """;

    private readonly SqliteConnection database;

    public PackingDatabase(string path) => database = SqliteTables.Open(path, Tables);

    /// <summary>Where to go on in a partition; null: nothing was read yet.</summary>
    public Offset? PositionOf(TopicPartition partition) =>
        database.Ask(
            "SELECT next FROM position WHERE topic = $topic AND part = $part",
            ("$topic", partition.Topic), ("$part", partition.Partition.Value)) is long next ? new Offset(next) : null;

    /// <summary>Forgets the positions: both topics are read from the beginning, and nothing is done twice.</summary>
    public void ForgetPositions() => database.Execute("DELETE FROM position");

    /// <summary>Takes an outcome of the journal.</summary>
    /// <returns>What became of it, for people; null: nothing was to be done.</returns>
    /// <exception cref="JournalGapException">Outcomes before it are missing.</exception>
    public string? Take(AllocationOutcome outcome, TopicPartitionOffset at)
    {
        using var transaction = database.BeginTransaction();
        var expected = LastOf(outcome.PoolId) + 1;
        if (outcome.Sequence > expected)
        {
            throw new JournalGapException(
                $"{outcome.PoolId}#{expected} is missing before #{outcome.Sequence} ({at}). Nothing after it is acted "
                + "on. Read again from the beginning (--again); if the journal does not have it either, take the "
                + "pool's state from Alloc and begin with a new database.");
        }
        string? said = null;
        if (outcome.Sequence == expected)
        {
            database.Execute(
                "INSERT OR REPLACE INTO pool VALUES ($id, $sequence)",
                ("$id", outcome.PoolId), ("$sequence", outcome.Sequence));
            said = IsKnown(outcome) ? null : Act(outcome);
        }
        Move(at);
        transaction.Commit();
        return said;
    }

    /// <summary>
    /// Takes an outcome that is delivered again because a receipt is missed: it is done now if it was not, and the
    /// receipt that was written for it is sent once more if it was.
    /// </summary>
    /// <returns>What became of it, for people; null: nothing was to be done.</returns>
    public string? TakeAgain(AllocationOutcome outcome, TopicPartitionOffset at)
    {
        using var transaction = database.BeginTransaction();
        string? said;
        if (outcome.Sequence > LastOf(outcome.PoolId))
        {
            // It comes in its place: what lies before it may change what there is to do.
            said = $"{IdOf(outcome)} is delivered again, and the journal is not read that far yet: left to it";
        }
        else if (database.Execute("UPDATE receipt SET sent = 0 WHERE outcome = $id", ("$id", IdOf(outcome))) > 0)
        {
            said = $"{IdOf(outcome)} again: it was dealt with, and its receipt is repeated";
        }
        else
        {
            said = Act(outcome);
        }
        Move(at);
        transaction.Commit();
        return said;
    }

    /// <summary>Receipts that are owed, in the order in which they were written.</summary>
    public IReadOnlyList<EffectReceipt> Owed(int most) => database.Rows(
        "SELECT outcome, result, effect, reason FROM receipt WHERE sent = 0 ORDER BY rowid LIMIT $most",
        row => new EffectReceipt
        {
            // The same for as long as there is the outcome: whoever reads it twice has read it once.
            ReceiptId = $"{PackingTask.Service}/{row.GetString(0)}",
            OutcomeId = row.GetString(0),
            Service = PackingTask.Service,
            Result = (EffectResult)row.GetInt32(1),
            Effect = row.GetString(2),
            Reason = row.IsDBNull(3) ? null : row.GetString(3),
        },
        ("$most", most));

    public void MarkSent(EffectReceipt receipt) =>
        database.Execute("UPDATE receipt SET sent = 1 WHERE outcome = $id", ("$id", receipt.OutcomeId));

    /// <summary>What the packers work by.</summary>
    public IReadOnlyList<string> Slips() => database.Rows(
        "SELECT no, outcome, reservation, units FROM slip ORDER BY no",
        row => $"{row.GetInt64(0)} {row.GetString(1)} {row.GetString(2)} {row.GetInt64(3)}");

    public void Dispose() => database.Dispose();

    private static string IdOf(AllocationOutcome outcome) => $"{outcome.PoolId}#{outcome.Sequence}";

    private long LastOf(string pool) =>
        database.Ask("SELECT sequence FROM pool WHERE id = $id", ("$id", pool)) as long? ?? 0;

    private bool IsKnown(AllocationOutcome outcome) =>
        database.Ask("SELECT 1 FROM receipt WHERE outcome = $id", ("$id", IdOf(outcome))) is not null;

    private void Move(TopicPartitionOffset at) => database.Execute(
        "INSERT OR REPLACE INTO position VALUES ($topic, $part, $next)",
        ("$topic", at.Topic), ("$part", at.Partition.Value), ("$next", at.Offset.Value + 1));

    private string? Act(AllocationOutcome outcome)
    {
        if (PackingTask.Of(outcome) is not { } task)
        {
            return null;
        }
        var id = IdOf(outcome);
        var obstacle = task.Wanted == EffectResult.Applied ? ObstacleTo(task, outcome) : task.Reason;
        var result = task.Wanted == EffectResult.Applied && obstacle is not null ? EffectResult.Skipped : task.Wanted;
        var effect = "";
        if (result == EffectResult.Applied)
        {
            var slip = database.Ask(
                "INSERT INTO slip (outcome, pool, reservation, units) VALUES ($outcome, $pool, $reservation, $units) "
                + "RETURNING no",
                ("$outcome", id), ("$pool", outcome.PoolId), ("$reservation", task.Reservation),
                ("$units", task.Units));
            effect = $"slip {slip}: {task.Units} of {task.Reservation}";
        }
        database.Execute(
            "INSERT INTO receipt VALUES "
            + "($outcome, $pool, $sequence, $reservation, $event, $result, $effect, $reason, 0)",
            ("$outcome", id), ("$pool", outcome.PoolId), ("$sequence", outcome.Sequence),
            ("$reservation", task.Reservation), ("$event", task.Event), ("$result", (int)result),
            ("$effect", effect), ("$reason", obstacle));
        return $"{id} {result}: {(result == EffectResult.Applied ? effect : obstacle)}";
    }

    /// <summary>Why what is asked is not to be done as things are now; null: it is.</summary>
    private string? ObstacleTo(PackingTask task, AllocationOutcome outcome)
    {
        (string, object?)[] reservation =
        [
            ("$pool", outcome.PoolId), ("$reservation", task.Reservation), ("$sequence", outcome.Sequence),
        ];
        if (task.Units > 0)
        {
            // Only what is delivered again comes late. What was released since is not packed any more.
            return database.Ask(
                "SELECT outcome FROM receipt WHERE pool = $pool AND reservation = $reservation AND event = 'Released' "
                + "AND sequence > $sequence",
                reservation) is string later ? $"{later} released it since" : null;
        }
        var packed = database.Ask(
            "SELECT SUM(units) FROM slip WHERE pool = $pool AND reservation = $reservation", reservation[..2]);
        return packed as long? >= -task.Units ? null : $"{packed ?? 0} units of it are packed";
    }
}
