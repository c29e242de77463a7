using Alloc.Schemas.Registry;

namespace Alloc.Client;

/// <summary>Opens the schema registry that the options name.</summary>
internal static class RegistryClient
{
    // Delays double from 0.1 s: 25 s in all.
    private const int PatientAttempts = 9;

    /// <param name="settings">Where the registry is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isPatient">Whether to outlast a restart of the registry.</param>
    public static HttpSchemaRegistryClient Open(AllocClientOptions settings, TimeProvider time, bool isPatient = false)
    {
        var options = new SchemaRegistryOptions { Urls = [settings.Registry] };
        var credentials = settings.RegistryUser?.Split(':', 2);
        return new HttpSchemaRegistryClient(
            options with
            {
                AttemptCount = isPatient ? PatientAttempts : options.AttemptCount,
                UserName = credentials?[0],
                Password = credentials?.ElementAtOrDefault(1),
            },
            time);
    }
}
