using System.Globalization;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;

namespace Alloc.Samples.LegacyAdapter;

/// <summary>A row that has no meaning here, and why. It is kept and shown, and nothing is sent for it.</summary>
internal sealed class RejectedRowException(string reason) : Exception(reason);

/// <summary>
/// The adapter's core: rows in the legacy system's words become events in those of the contracts, or are rejected. It
/// knows no database and gives no numbers.
/// </summary>
internal sealed class Translator(Mapping mapping)
{
    private const string TimeForm = "yyyy-MM-dd HH:mm:ss";

    // 1.250,500 is a thousand two hundred and fifty and a half.
    private static readonly NumberFormatInfo Numbers = new()
    {
        NumberDecimalSeparator = ",",
        NumberGroupSeparator = ".",
    };

    public string Source => mapping.Source;

    /// <summary>A movement, without its number.</summary>
    /// <exception cref="RejectedRowException">Something is not in the mapping, or is no number or time.</exception>
    public WarehouseMovement Movement(LegacyMovement row)
    {
        var pool = PoolOf(row.Article, row.Depot);
        if (!mapping.Movements.TryGetValue(row.Code, out var meaning))
        {
            throw new RejectedRowException($"movement type {row.Code} has no row under movements");
        }
        var quantity = UnitsOf(row.Quantity, row.Unit, pool);
        if (quantity < 1)
        {
            throw new RejectedRowException($"quantity {row.Quantity} {row.Unit} is not above 0");
        }
        var isOfOrder = meaning.Kind is MovementKind.Shipped or MovementKind.Returned && row.Order.Length > 0;
        if (isOfOrder && row.Line.Length == 0)
        {
            throw new RejectedRowException($"order {row.Order} is named without its line");
        }
        return new WarehouseMovement
        {
            MovementId = $"{mapping.Source}/{row.Document}/{row.Position}",
            PoolId = pool.Pool,
            Kind = meaning.Kind,
            OrderRef = row.Order.Length > 0 ? row.Order : null,
            ReservationId = isOfOrder ? ReservationOf(row.Order, row.Line) : null,
            Quantity = meaning.Takes ? -quantity : quantity,
            Disposition = meaning.Disposition,
            Source = mapping.Source,
            // Given when it is written down.
            SourceSequence = 0,
            OccurredAtMs = TimeOf(row.BookedAt),
        };
    }

    /// <summary>A count, without its version and what is inside it.</summary>
    /// <exception cref="RejectedRowException">Something is not in the mapping, or is no number or time.</exception>
    public StockSnapshot Count(LegacyCount row)
    {
        var pool = PoolOf(row.Article, row.Depot);
        var (quantity, blocked) = (UnitsOf(row.OnHand, row.Unit, pool), UnitsOf(row.Blocked, row.Unit, pool));
        if (blocked < 0 || quantity < blocked)
        {
            throw new RejectedRowException($"{row.Blocked} blocked of {row.OnHand} {row.Unit} cannot be");
        }
        return new StockSnapshot
        {
            PoolId = pool.Pool,
            Source = mapping.Source,
            // Given when it is written down.
            Version = 0,
            Quantity = quantity,
            Blocked = blocked,
            TakenAtMs = TimeOf(row.TakenAt),
        };
    }

    /// <summary>What an order is now.</summary>
    /// <exception cref="RejectedRowException">Something of it is not in the mapping.</exception>
    public OrderStatus Order(LegacyOrder order)
    {
        if (!mapping.OrderStates.TryGetValue(order.Status, out var meaning))
        {
            throw new RejectedRowException($"order status {order.Status} has no row under orderStates");
        }
        return new OrderStatus
        {
            OrderRef = order.Number,
            Version = order.Change,
            State = meaning.State,
            Lines = [.. order.Lines.Select(line =>
            {
                var pool = PoolOf(line.Article, line.Depot);
                var quantity = UnitsOf(line.Quantity, line.Unit, pool);
                return quantity >= 0
                    ? new OrderLine
                    {
                        LineId = line.Line,
                        PoolId = pool.Pool,
                        ReservationId = meaning.Reserved ? ReservationOf(order.Number, line.Line) : null,
                        Quantity = quantity,
                    }
                    : throw new RejectedRowException($"line {line.Line}: quantity {line.Quantity} is below 0");
            })],
        };
    }

    // Whoever holds for these orders names reservations so, too.
    private static string ReservationOf(string order, string line) => $"{order}-{line}";

    private PoolRow PoolOf(string article, string depot) =>
        mapping.Pools.SingleOrDefault(p => p.Article == article && p.Depot == depot)
        ?? throw new RejectedRowException($"article {article} in depot {depot} has no row under pools");

    private static long UnitsOf(string text, string unit, PoolRow pool)
    {
        if (!pool.Units.TryGetValue(unit, out var worth))
        {
            throw new RejectedRowException($"unit {unit} has no worth in pool {pool.Pool}");
        }
        const NumberStyles Styles =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands;
        if (!decimal.TryParse(text, Styles, Numbers, out var quantity))
        {
            throw new RejectedRowException($"quantity '{text}' is no number");
        }
        // No number of a warehouse is near the end of a long; one that is must not become another one.
        var units = quantity * worth;
        return units == decimal.Truncate(units) && Math.Abs(units) < 1_000_000_000_000m
            ? (long)units
            : throw new RejectedRowException(
                $"{text} {unit} is {units.ToString(Numbers)} units: no whole number in range");
    }

    // The warehouse's clocks know no summer time; the time is for people only.
    private long TimeOf(string text) =>
        DateTime.TryParseExact(text, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? new DateTimeOffset(time, mapping.UtcOffset).ToUnixTimeMilliseconds()
            : throw new RejectedRowException($"time '{text}' is not written {TimeForm}");
}
