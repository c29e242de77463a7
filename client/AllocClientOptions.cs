namespace Alloc.Client;

/// <summary>Where Kafka and the schema registry are, and how long to wait for them.</summary>
public sealed record AllocClientOptions
{
    /// <summary>Kafka's addresses, <c>host:port[,host:port…]</c>.</summary>
    public required string Bootstrap { get; init; }

    /// <summary>The schema registry's address, http or https.</summary>
    public required Uri Registry { get; init; }

    /// <summary>Basic authentication at the registry, <c>user:password</c>; null for none.</summary>
    public string? RegistryUser { get; init; }

    /// <summary>
    /// Further properties of the registry's client, by Confluent's names (<c>schema.registry.…</c>): what registries
    /// with OAuth, authorities of their own or client certificates need.
    /// </summary>
    public IReadOnlyDictionary<string, string> RegistryProperties { get; init; } = new Dictionary<string, string>();

    /// <summary>What stands before every topic's name in this deployment; empty by default.</summary>
    public string TopicPrefix { get; init; } = "";

    /// <summary>
    /// Further properties of the Kafka clients, by librdkafka's names: what clusters with TLS, SASL or time-outs of
    /// their own need. They are set last.
    /// </summary>
    public IReadOnlyDictionary<string, string> KafkaProperties { get; init; } = new Dictionary<string, string>();

    /// <summary>What the clients call themselves in Kafka's logs and quotas.</summary>
    public string ClientId { get; init; } = "alloc-client";

    /// <summary>How long to wait for one answer, 1 ms to 1 day; 10 s by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What people are told to do when no broker answers, in the words of the program that they use.</summary>
    internal string WhenUnreachable { get; init; } = $"Is Kafka running there? {nameof(Bootstrap)} names its address.";

    /// <summary>Properties of the Kafka clients that are not to be set: what is promised rests on them.</summary>
    public static IReadOnlyList<string> ReservedKafkaProperties { get; } =
        ["enable.auto.commit", "isolation.level", "transactional.id", "enable.idempotence", "partitioner", "group.id",
            "bootstrap.servers"];

    /// <summary>Checks that every option is in its range.</summary>
    /// <exception cref="AllocException">One is not; the text names it.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Bootstrap))
        {
            throw AllocException.Usage($"{nameof(Bootstrap)} is empty: write host:port[,host:port…].");
        }
        if (!Registry.IsAbsoluteUri || Registry.Scheme is not ("http" or "https"))
        {
            throw AllocException.Usage($"{nameof(Registry)}: '{Registry}' is not an http or https address.");
        }
        if (Timeout < TimeSpan.FromMilliseconds(1) || Timeout > TimeSpan.FromDays(1))
        {
            throw AllocException.Usage($"{nameof(Timeout)}: {Timeout} is out of range; 1 ms to 1 day.");
        }
        if (KafkaProperties.Keys.FirstOrDefault(ReservedKafkaProperties.Contains) is { } reserved)
        {
            throw AllocException.Usage($"{nameof(KafkaProperties)}: {reserved} is set by the client.");
        }
    }
}
