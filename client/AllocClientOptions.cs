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

    /// <summary>How long to wait for one answer, 1 ms to 1 day; 10 s by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
