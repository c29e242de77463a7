using System.Net;

namespace Alloc.Web;

/// <summary>Where the HTTP API listens and who may use it.</summary>
public sealed record ConsoleOptions
{
    /// <summary>The address to listen on. Anything but loopback needs credentials and TLS. Default 127.0.0.1.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 takes any free one. Range 0 to 65535. Default 8233.</summary>
    public int Port { get; init; } = 8233;

    /// <summary>A file of credentials, or null for none.</summary>
    public string? CredentialsFile { get; init; }

    /// <summary>
    /// A PEM file with the certificate chain and its private key, or a PFX file; null for plain HTTP.
    /// </summary>
    public string? CertificateFile { get; init; }

    /// <summary>True when something in front of this process speaks TLS for it.</summary>
    public bool IsBehindTlsProxy { get; init; }

    /// <summary>True when only this machine can reach the address.</summary>
    public bool IsLoopback =>
        Host is "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>Refuses what would open the ledger to strangers.</summary>
    /// <exception cref="ConsoleStartException">The address is not loopback and credentials or TLS are
    /// missing.</exception>
    public void Validate()
    {
        if (IsLoopback)
        {
            return;
        }
        if (CredentialsFile is null)
        {
            throw new ConsoleStartException(
                $"The console may not listen on {Host} without credentials.",
                "Give --console-credentials FILE, or listen on 127.0.0.1.");
        }
        if (CertificateFile is null && !IsBehindTlsProxy)
        {
            throw new ConsoleStartException(
                $"The console may not listen on {Host} without TLS.",
                "Give --console-certificate FILE, or --console-behind-tls-proxy where another process speaks TLS for "
                + "it.");
        }
    }
}
