using System.Security.Cryptography.X509Certificates;

namespace Alloc.Schemas.Registry;

/// <summary>How to reach a schema registry, and how long to try.</summary>
public sealed record SchemaRegistryOptions
{
    /// <summary>
    /// The registry's addresses, tried in turn, for example <c>http://localhost:8081</c>; a path is kept.
    /// </summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>
    /// User of basic authentication; null for none. Taken from the address (<c>http://user:password@…</c>) too.
    /// </summary>
    public string? UserName { get; init; }

    /// <summary>Password of basic authentication.</summary>
    public string? Password { get; init; }

    /// <summary>PEM file with the authorities to trust instead of the machine's; null for the machine's.</summary>
    public string? TrustedCertificatesFile { get; init; }

    /// <summary>The client's certificate for mutual TLS; null for none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>How long one request may take; default 5 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a request is tried, 1 to 100; default 4, each at every address.</summary>
    public int AttemptCount { get; init; } = 4;

    /// <summary>The wait after the first failed try, doubled after each; default 100 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long an id that the registry does not know is not asked for again; default 5 s.</summary>
    public TimeSpan UnknownIdLifetime { get; init; } = TimeSpan.FromSeconds(5);
}
