namespace Alloc.Broker.Registry;

/// <summary>Where the embedded schema registry listens and keeps its data.</summary>
public sealed record RegistryOptions
{
    /// <summary>The broker's data directory; the registry keeps its files in <c>registry/</c> inside it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// The address to listen on; a loopback address, because there is no authentication. Default 127.0.0.1.
    /// </summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port, 0 for any free one; default 8081.</summary>
    public int Port { get; init; } = 8081;

    /// <summary>Bytes that a request's body may have; default 1 MiB.</summary>
    public int MaximumRequestSize { get; init; } = 1024 * 1024;

    /// <summary>Schemas that the registry takes; default 10,000.</summary>
    public int MaximumSchemaCount { get; init; } = 10_000;
}
