using System.Security.Cryptography;
using Alloc.Schemas.Registry;

namespace Alloc.Client;

/// <summary>The schema registry of the user's settings.</summary>
internal static class Registries
{
    // Random parts of 0.2, 0.4, 0.8, 1.6 and then 2 s: some 25 s in all.
    private const int PatientAttempts = 26;
    private const int Attempts = 4;
    private static readonly TimeSpan ServerRequestTimeout = TimeSpan.FromSeconds(3);

    /// <summary>For a command, which fails when the registry does not answer.</summary>
    public static GuardedRegistryClient Client(AllocClientOptions settings, TimeProvider time) =>
        Client(settings, time, o => o with { RequestTimeout = settings.Timeout, AttemptCount = 2 });

    /// <summary>For a server, which asks again and says so each time.</summary>
    public static GuardedRegistryClient ServerClient(AllocClientOptions settings, TimeProvider time) => Client(
        settings, time,
        o => o with
        {
            RequestTimeout = settings.Timeout < ServerRequestTimeout ? settings.Timeout : ServerRequestTimeout,
            AttemptCount = 1,
        });

    /// <summary>For a long run.</summary>
    /// <param name="settings">Where the registry is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isPatient">Whether to outlast a restart of the registry.</param>
    public static GuardedRegistryClient RunClient(
        AllocClientOptions settings, TimeProvider time, bool isPatient = false) =>
        Client(settings, time, o => o with { AttemptCount = isPatient ? PatientAttempts : Attempts });

    private static GuardedRegistryClient Client(
        AllocClientOptions settings, TimeProvider time, Func<SchemaRegistryOptions, SchemaRegistryOptions> patience)
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
            throw AllocException.Usage($"The settings of the schema registry: {e.Message}");
        }
    }
}
