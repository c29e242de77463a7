using System.Globalization;
using Alloc.Client;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Samples.LegacyAdapter;

/// <summary>
/// Takes what is new in the legacy system: each row gets its number and its event in one transaction, or is kept as
/// rejected. Taking the same again changes nothing.
/// </summary>
internal sealed class Adapter(
    AdapterDatabase database, LegacySystem legacy, Translator translator, ISchemaRegistryClient registry)
{
    private const int BatchCount = 500;

    // A transaction of theirs that took its id before others may become visible after them.
    private const int LookBackCount = 200;

    private readonly ContractSerializer<WarehouseMovement> movements = new(registry);
    private readonly ContractSerializer<StockSnapshot> counts = new(registry);
    private readonly ContractSerializer<OrderStatus> orders = new(registry);

    /// <summary>Rows that were rejected, once more: the mapping may be completed now, or the row corrected.</summary>
    public void TakeRejects()
    {
        using var transaction = database.Begin();
        foreach (var reject in database.Rejects())
        {
            switch (reject.Kind)
            {
                case RowKind.Movement when legacy.MovementOf(IdOf(reject.Key)) is { } row:
                    Take(row);
                    break;
                case RowKind.Order when legacy.OrderOf(reject.Key) is { } order:
                    Take(order);
                    break;
                case RowKind.Count:
                    // The file has to be given again.
                    break;
                default:
                    database.Let(reject.Kind, reject.Key);
                    break;
            }
        }
        transaction.Commit();
    }

    /// <summary>Everything that is new in the tables.</summary>
    public void TakeTables()
    {
        TakeNew(RowKind.Movement, legacy.MovementsAfter, row => row.Id, Take);
        TakeNew(RowKind.Order, legacy.OrdersAfter, order => order.Change, Take);
    }

    /// <summary>The nightly counts.</summary>
    public void TakeCounts(IReadOnlyList<LegacyCount> rows)
    {
        using var transaction = database.Begin();
        foreach (var row in rows)
        {
            Take(row);
        }
        transaction.Commit();
    }

    private void TakeNew<T>(
        RowKind kind, Func<long, int, IReadOnlyList<T>> read, Func<T, long> idOf, Action<T> take)
    {
        var after = Math.Max(0, database.CursorOf(kind) - LookBackCount);
        while (read(after, BatchCount) is { Count: > 0 } rows)
        {
            using var transaction = database.Begin();
            foreach (var row in rows)
            {
                take(row);
            }
            after = idOf(rows[^1]);
            database.MoveCursor(kind, after);
            transaction.Commit();
        }
    }

    private void Take(LegacyMovement row)
    {
        var (key, text) = (row.Id.ToString(CultureInfo.InvariantCulture), row.ToString());
        var known = database.MovementOf(row.Id);
        if (known?.Row == text)
        {
            database.Let(RowKind.Movement, key);
            return;
        }
        try
        {
            if (known is not null)
            {
                throw new RejectedRowException(
                    $"it was changed after it was sent as {known.Pool} {known.Sequence}: book a correction");
            }
            var movement = translator.Movement(row);
            if (database.HasMovement(movement.MovementId))
            {
                throw new RejectedRowException($"another row was sent as {movement.MovementId}");
            }
            var sequence = database.Number(row.Id, text, movement.MovementId, movement.PoolId);
            Add("warehouse.movements", movement.PoolId, movements, movement with { SourceSequence = sequence },
                $"{movement.PoolId} {sequence} {movement.Kind} {movement.Quantity}");
            database.Let(RowKind.Movement, key);
        }
        catch (RejectedRowException e)
        {
            database.Keep(new Reject(RowKind.Movement, key, text, e.Message), row.Article, row.Depot);
        }
    }

    private void Take(LegacyCount row)
    {
        var (key, text) = ($"{row.Article}@{row.Depot} {row.TakenAt}", row.ToString());
        try
        {
            var count = translator.Count(row);
            if (database.CountOf(count.PoolId, count.TakenAtMs) is { } sent)
            {
                // The night is run again: nothing new, unless its figures are.
                if (sent != text)
                {
                    throw new RejectedRowException("a count of the same time was sent with other figures");
                }
                return;
            }
            var through = InsideOf(row, count);
            var version = database.Version(count.PoolId, count.TakenAtMs, text);
            Add("supply.stock", count.PoolId, counts, count with { Version = version, Through = through },
                $"{count.PoolId} count {version}: {count.Quantity} through {through}");
            database.Let(RowKind.Count, key);
        }
        catch (RejectedRowException e)
        {
            database.Keep(new Reject(RowKind.Count, key, text, e.Message), row.Article, row.Depot);
        }
    }

    /// <summary>The last number that is inside a count: a wrong one would count goods twice, or not at all.</summary>
    private long InsideOf(LegacyCount row, StockSnapshot count)
    {
        if (database.LastCountAtMs(count.PoolId) is { } last && last > count.TakenAtMs)
        {
            throw new RejectedRowException("a newer count was sent already");
        }
        if (!long.TryParse(row.LastBooked, CultureInfo.InvariantCulture, out var lastBooked) || lastBooked < 0)
        {
            throw new RejectedRowException($"BIS_ID '{row.LastBooked}' is no id of a movement");
        }
        if (lastBooked > database.CursorOf(RowKind.Movement))
        {
            throw new RejectedRowException($"movement {lastBooked} is inside it, and the table does not have it yet");
        }
        if (database.RejectedUpTo(row.Article, row.Depot, lastBooked) is > 0 and var rejected)
        {
            throw new RejectedRowException($"{rejected} movements inside it are rejected and have no number yet");
        }
        return database.ThroughOf(count.PoolId, lastBooked) ?? throw new RejectedRowException(
            $"movements behind {lastBooked} have lower numbers than some before it: no number tells what is inside; "
            + "the next count can be sent");
    }

    private void Take(LegacyOrder order)
    {
        try
        {
            var status = translator.Order(order);
            if (database.Note(order))
            {
                Add("orders.status", order.Number, orders, status, $"order {order.Number} {status.State}");
            }
            database.Let(RowKind.Order, order.Number);
        }
        catch (RejectedRowException e)
        {
            database.Keep(new Reject(RowKind.Order, order.Number, $"{order.Status} {order.Change}", e.Message));
        }
    }

    // The bytes are kept, not the row: what is sent twice is the same also after the mapping or the contract changed.
    private void Add<T>(string topic, string key, ContractSerializer<T> serializer, T value, string label)
        where T : class, IAvroRecord<T>
    {
        var bytes = serializer.Serialize(value, new SerializationContext(MessageComponentType.Value, topic));
        database.Add(topic, key, bytes, label);
    }

    private static long IdOf(string key) => long.Parse(key, CultureInfo.InvariantCulture);
}
