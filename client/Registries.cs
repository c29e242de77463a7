using Alloc.Schemas.Registry;

namespace Alloc.Client;

/// <summary>The schema registry of the user's settings.</summary>
internal static class Registries
{
    private static readonly TimeSpan ServerRequestTimeout = TimeSpan.FromSeconds(3);

    /// <summary>For a command, which fails when the registry does not answer.</summary>
    public static HttpSchemaRegistryClient Client(AllocClientOptions settings, TimeProvider time) =>
        Client(settings, time, settings.Timeout, 2);

    /// <summary>For a server, which asks again and says so each time.</summary>
    public static HttpSchemaRegistryClient ServerClient(AllocClientOptions settings, TimeProvider time) =>
        Client(settings, time, settings.Timeout < ServerRequestTimeout ? settings.Timeout : ServerRequestTimeout, 1);

    private static HttpSchemaRegistryClient Client(
        AllocClientOptions settings, TimeProvider time, TimeSpan requestTimeout, int attemptCount)
    {
        var user = settings.RegistryUser?.Split(':', 2);
        return new HttpSchemaRegistryClient(
            new SchemaRegistryOptions
            {
                Urls = [settings.Registry],
                UserName = user?[0],
                Password = user is [_, var password] ? password : null,
                RequestTimeout = requestTimeout,
                AttemptCount = attemptCount,
            },
            time);
    }
}
