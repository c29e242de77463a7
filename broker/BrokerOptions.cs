using System.Security.Cryptography.X509Certificates;

namespace Alloc.Broker;

/// <summary>When an answer waits until the data is on stable storage. In every mode answered data survives the
/// process.</summary>
public enum DurabilityMode
{
    /// <summary>Never: the operating system writes when it likes. Fastest; a power cut may take the last
    /// seconds.</summary>
    Os,

    /// <summary>Before the answer to a transaction's end and to acks=all outside transactions; grouped.</summary>
    Commit,

    /// <summary>Before every answer.</summary>
    Always,
}

/// <summary>How <see cref="EmbeddedBroker"/> runs. Changed with <c>with</c>.</summary>
public sealed record BrokerOptions
{
    /// <summary>Where everything is stored; made if absent. One broker at a time can use it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Address to listen on: an IP address, or <c>localhost</c>. Anything but loopback needs
    /// <see cref="Credentials"/> and <see cref="Certificate"/>. Default: 127.0.0.1.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port, 0 to 65535; 0 takes a free one (<see cref="EmbeddedBroker.Port"/> says which). Default:
    /// 9092.</summary>
    public int Port { get; init; } = 9092;

    /// <summary>Host that clients are told to connect to; null takes the address under which each client
    /// came.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>When answers wait for the disk. Default: <see cref="DurabilityMode.Commit"/>.</summary>
    public DurabilityMode Durability { get; init; } = DurabilityMode.Commit;

    /// <summary>Partitions of a topic that is made without a count, 1 to 10,000. Default: 1.</summary>
    public int DefaultPartitionCount { get; init; } = 1;

    /// <summary>Whether asking for a topic's metadata makes it, if the client allows that. Default: false.</summary>
    public bool AutoCreateTopics { get; init; }

    /// <summary>User names and passwords for SASL/PLAIN; empty admits everybody. Default: empty.</summary>
    public IReadOnlyDictionary<string, string> Credentials { get; init; } = new Dictionary<string, string>();

    /// <summary>Certificate with its private key: the listener then speaks TLS only. Default: null, no TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Largest request in bytes, 1 KiB to 1 GiB; a larger one closes the connection. Default: 100
    /// MiB.</summary>
    public int MaxRequestBytes { get; init; } = 100 << 20;

    /// <summary>Largest answer to one fetch in bytes, beyond which only a first batch goes. Default: 16 MiB.</summary>
    public int MaxFetchBytes { get; init; } = 16 << 20;

    /// <summary>Requests of one connection that are in work at the same time, at least 1. Default: 32.</summary>
    public int MaxInFlightPerConnection { get; init; } = 32;

    /// <summary>Connections at the same time; more are closed at once. Default: 4,096.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>A connection without traffic is closed after this time. Default: 10 minutes.</summary>
    public TimeSpan ConnectionIdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Partitions of all topics together, beyond which none are made. Default: 20,000.</summary>
    public int MaxPartitions { get; init; } = 20_000;

    /// <summary>How often retention, compaction and checkpoints are looked after. Default: 10 seconds.</summary>
    public TimeSpan HousekeepingInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After this time without a write a producer's sequence numbers are forgotten. Default: 7 days.</summary>
    public TimeSpan ProducerExpiration { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Called once when the broker had to stop by itself (a failed fsync, a bug), with the reason; the host
    /// should end the process. From any thread. Default: null.</summary>
    public Action<Exception>? OnFault { get; init; }

    /// <summary>Faults that tests put into answers.</summary>
    internal Runtime.IInterceptor? Interceptor { get; init; }

    /// <summary>Disk operations that tests let fail.</summary>
    internal Storage.Disk? Disk { get; init; }
}
