using System.Globalization;
using Names = Confluent.SchemaRegistry.SchemaRegistryConfig.PropertyNames;

namespace Alloc.Schemas.Registry;

/// <summary>How to reach a schema registry, and how long to try.</summary>
public sealed record SchemaRegistryOptions
{
    /// <summary>
    /// The registry's addresses, tried in turn, for example <c>http://localhost:8081</c>; a path is kept.
    /// </summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>
    /// User and password of basic authentication, <c>user:password</c>; null for none. Taken from the first address
    /// that has them (<c>http://user:password@…</c>) too.
    /// </summary>
    public string? UserInfo { get; init; }

    /// <summary>
    /// Settings of Confluent's client under its own names (<c>schema.registry.bearer.auth.*</c>,
    /// <c>schema.registry.ssl.keystore.*</c>, …). They take precedence over the members beside this one, the addresses
    /// apart. <c>schema.registry.ssl.ca.location</c> is refused: with it the client looks for the authority among
    /// the certificates that the server sends, and takes one that was forged in its name.
    /// </summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>How long one request may take; default 5 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a request is tried at each address, 1 to 100; default 4.</summary>
    public int AttemptCount { get; init; } = 4;

    /// <summary>
    /// The longest wait after the first failed try; doubled after each. The client waits a random part of it. Default
    /// 200 ms.
    /// </summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait after any try; default 2 s.</summary>
    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an id that the registry does not know is not asked for again; default 5 s.</summary>
    public TimeSpan UnknownIdLifetime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same as settings of Confluent's client. No address in it has credentials.</summary>
    internal Dictionary<string, string> ToProperties()
    {
        ArgumentOutOfRangeException.ThrowIfZero(Urls.Count, nameof(Urls));
        ArgumentOutOfRangeException.ThrowIfLessThan(AttemptCount, 1, nameof(AttemptCount));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AttemptCount, 100, nameof(AttemptCount));
        var properties = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Names.SchemaRegistryRequestTimeoutMs] = Milliseconds(RequestTimeout),
            [Names.SchemaRegistryMaxRetries] = AttemptCount.ToString(CultureInfo.InvariantCulture),
            [Names.SchemaRegistryRetriesWaitMs] = Milliseconds(RetryDelay),
            [Names.SchemaRegistryRetriesMaxWaitMs] = Milliseconds(LongestRetryDelay),
        };
        var userInfo = UserInfo ?? Urls.Select(u => Uri.UnescapeDataString(u.UserInfo)).FirstOrDefault(u => u != "");
        if (userInfo is not null)
        {
            properties[Names.SchemaRegistryBasicAuthUserInfo] =
                userInfo.Contains(':', StringComparison.Ordinal) ? userInfo : userInfo + ":";
        }
        if (Properties.Keys.Contains(Names.SslCaLocation, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException(
                $"{Names.SslCaLocation} is not taken: with it the client would accept forged certificates. Put the "
                + "authority among the machine's trusted ones, or into the file of SSL_CERT_FILE.");
        }
        foreach (var (name, value) in Properties)
        {
            properties[name] = value;
        }
        properties[Names.SchemaRegistryUrl] = string.Join(',', Urls.Select(AddressOf));
        return properties;
    }

    private static string AddressOf(Uri url) =>
        url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    private static string Milliseconds(TimeSpan time) =>
        ((long)Math.Ceiling(time.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
}
