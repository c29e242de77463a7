using System.Security.Cryptography;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Clients;

/// <summary>The schema registry of the user's settings.</summary>
internal static class Registry
{
    private static readonly TimeSpan ServerRequestTimeout = TimeSpan.FromSeconds(3);

    /// <summary>For a command, which fails when the registry does not answer.</summary>
    public static GuardedRegistryClient Client(ClientSettings settings, TimeProvider time) =>
        Client(settings, time, o => o with { RequestTimeout = settings.Timeout, AttemptCount = 2 });

    /// <summary>For a server, which asks again and says so each time.</summary>
    public static GuardedRegistryClient ServerClient(ClientSettings settings, TimeProvider time) => Client(
        settings, time,
        o => o with
        {
            RequestTimeout = settings.Timeout < ServerRequestTimeout ? settings.Timeout : ServerRequestTimeout,
            AttemptCount = 1,
        });

    /// <summary>For a long run.</summary>
    /// <param name="settings">Where the registry is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="attemptCount">How often a request is tried.</param>
    public static GuardedRegistryClient RunClient(ClientSettings settings, TimeProvider time, int attemptCount) =>
        Client(settings, time, o => o with { AttemptCount = attemptCount });

    private static GuardedRegistryClient Client(
        ClientSettings settings, TimeProvider time, Func<SchemaRegistryOptions, SchemaRegistryOptions> patience)
    {
        try
        {
            return new GuardedRegistryClient(
                patience(new SchemaRegistryOptions
                {
                    Urls = [settings.Registry],
                    UserInfo = settings.RegistryUser,
                    Properties = settings.RegistryProperties,
                }),
                time);
        }
        catch (Exception e) when (e is ArgumentException or IOException or CryptographicException
            or UnauthorizedAccessException)
        {
            throw CliException.Usage($"--registry-config: {e.Message}");
        }
    }
}
