namespace Alloc.Bench;

/// <summary>Sizes and places of a benchmark run.</summary>
internal sealed record BenchOptions
{
    /// <summary>Commands of the throughput scenarios.</summary>
    public long Count { get; init; } = 2_000_000;

    /// <summary>Pools, chosen by Zipf's law with exponent 0.8.</summary>
    public int PoolCount { get; init; } = 10_000;

    public int PartitionCount { get; init; } = 4;

    /// <summary>Stream threads of the engine.</summary>
    public int ThreadCount { get; init; } = 1;

    public long Seed { get; init; } = 1;

    /// <summary>Commands a second of the light load.</summary>
    public double LightRate { get; init; } = 1_000;

    /// <summary>How long each latency scenario sends.</summary>
    public TimeSpan LatencyTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Commands by which full load is found.</summary>
    public long CeilingCount => Count / 4;

    /// <summary>Reservations that a restart finds.</summary>
    public long ReservationCount { get; init; } = 2_000_000;

    /// <summary>Items that wait when the backlog is asked and started again, each with a hold.</summary>
    public long WaitingCount { get; init; } = 1_000_000;

    /// <summary>Folder of an Apache Kafka with bin/kafka-up; null runs on the embedded broker alone.</summary>
    public string? KafkaHome { get; init; }

    /// <summary>Kafka that is already running; null starts what is measured.</summary>
    public string? Bootstrap { get; init; }

    public required string WorkDirectory { get; init; }

    /// <summary>The longest that one scenario may take.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The same scenarios with sizes that finish in seconds: to see that they run, not to compare.</summary>
    public BenchOptions Quick() => this with
    {
        Count = 50_000,
        PoolCount = 1_000,
        LightRate = 500,
        LatencyTime = TimeSpan.FromSeconds(3),
        ReservationCount = 20_000,
        WaitingCount = 5_000,
        Deadline = TimeSpan.FromMinutes(2),
    };

    public MixOptions Mix => new(PoolCount, Seed: Seed);

    /// <summary>What a reader has to know about the mix.</summary>
    public string MixText =>
        $"{PoolCount:N0} pools Zipf 0.8, 55 % holds, rest confirms and releases 3:1, 1 % repeats, {PartitionCount} "
        + "partitions";
}
