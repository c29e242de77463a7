using System.Globalization;
using Alloc.Schemas.Allocation;

namespace Alloc.Bench;

/// <summary>Sizes of a generated load.</summary>
/// <param name="PoolCount">Pools, chosen by Zipf's law.</param>
/// <param name="Skew">Exponent of Zipf's law; 0 chooses evenly.</param>
/// <param name="Seed">The same seed gives the same commands.</param>
internal sealed record MixOptions(int PoolCount = 10_000, double Skew = 0.8, long Seed = 1)
{
    /// <summary>
    /// In a hundred commands, how many are holds; the rest confirms and releases open ones, three to one.
    /// </summary>
    public int HoldPercent { get; init; } = 55;

    /// <summary>In a hundred commands, how many repeat the one before.</summary>
    public int RepeatPercent { get; init; } = 1;
}

/// <summary>
/// A seeded mix of holds, confirmations, releases and repeats over skewed pools: the same shares, sizes and order of
/// choices as the Kafka Streams peer's generator, written as commands of the contract.
/// </summary>
internal sealed class CommandMix
{
    private const int MaximumOpen = 20_000;
    private const long OpeningStock = 1_000_000;
    private const long HoldTtlMs = 600_000;
    private static readonly Actor Load = new() { Type = ActorType.Service, Id = "bench" };
    private readonly MixOptions options;
    private readonly Random random;
    private readonly double[] cumulative;
    private readonly List<(int Pool, long Reservation)> open = [];
    private long count;
    private AllocationCommand? last;

    public CommandMix(MixOptions options)
    {
        this.options = options;
        random = new Random((int)options.Seed);
        cumulative = new double[options.PoolCount];
        double sum = 0;
        for (var i = 0; i < cumulative.Length; i++)
        {
            cumulative[i] = sum += 1 / Math.Pow(i + 1, options.Skew);
        }
    }

    /// <summary>Number of a command that <see cref="Next"/> made, from its id; −1 for others.</summary>
    public static long NumberOf(string? commandId) => Number(commandId, 'c');

    /// <summary>Number of a reservation that <see cref="Next"/> made, from its id; −1 for others.</summary>
    public static long NumberOfReservation(string? reservationId) => Number(reservationId, 'r');

    public static string PoolId(int pool) => $"pool-{pool}";

    /// <summary>Creates each pool with plenty of stock: two commands a pool.</summary>
    public IEnumerable<AllocationCommand> Opening(long issuedAtMs)
    {
        for (var i = 0; i < options.PoolCount; i++)
        {
            yield return Command($"configure-{i}", i, issuedAtMs, new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings { Unit = "piece", Kind = PoolKind.Stock, SnapshotSource = "bench" },
            });
            yield return Command($"stock-{i}", i, issuedAtMs, new AllocationCommandBody.SupplySnapshot
            {
                Source = "bench",
                Version = 1,
                Quantity = OpeningStock,
                Through = 0,
            });
        }
    }

    /// <summary>The next command.</summary>
    /// <param name="issuedAtMs">The producer's clock, in milliseconds since 1970.</param>
    /// <param name="isRepeat">Whether it repeats the one before, id and all.</param>
    public AllocationCommand Next(long issuedAtMs, out bool isRepeat)
    {
        var dice = random.Next(100);
        isRepeat = dice < options.RepeatPercent && last is not null;
        if (isRepeat)
        {
            return last!;
        }
        if (open.Count > MaximumOpen || (dice >= options.HoldPercent && open.Count > 0))
        {
            var index = random.Next(open.Count);
            var (pool, reservation) = open[index];
            open[index] = open[^1];
            open.RemoveAt(open.Count - 1);
            AllocationCommandBody body = dice % 4 == 0
                ? new AllocationCommandBody.Release { ReservationId = $"r-{reservation}", Reason = "bench" }
                : new AllocationCommandBody.Confirm { ReservationId = $"r-{reservation}" };
            return last = Command($"c-{count++}", pool, issuedAtMs, body);
        }
        return last = Hold(issuedAtMs, keepOpen: random.Next(20) > 0, HoldTtlMs);
    }

    /// <summary>A hold on a pool chosen by the mix's skew.</summary>
    public AllocationCommand Hold(long issuedAtMs, bool keepOpen, long ttlMs)
    {
        var at = Array.BinarySearch(cumulative, random.NextDouble() * cumulative[^1]);
        var pool = at < 0 ? Math.Min(options.PoolCount - 1, ~at) : at;
        if (keepOpen)
        {
            open.Add((pool, count));
        }
        var command = Command($"c-{count}", pool, issuedAtMs, new AllocationCommandBody.Hold
        {
            ReservationId = $"r-{count}",
            Quantity = 1 + random.Next(5),
            TtlMs = ttlMs,
        });
        count++;
        return command;
    }

    private static long Number(string? id, char kind) =>
        id?.Length > 2 && id[0] == kind && id[1] == '-'
        && long.TryParse(id.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : -1;

    private static AllocationCommand Command(string id, int pool, long issuedAtMs, AllocationCommandBody body) => new()
    {
        CommandId = id,
        PoolId = PoolId(pool),
        Actor = Load,
        CorrelationId = id,
        IssuedAtMs = issuedAtMs,
        Body = body,
    };
}
