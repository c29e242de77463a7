using Alloc.Cli.CommandLine;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Clients;

/// <summary>The schema registry of the user's settings.</summary>
internal static class Registry
{
    public static HttpSchemaRegistryClient Client(ClientSettings settings, TimeProvider time)
    {
        var user = settings.RegistryUser?.Split(':', 2);
        return new HttpSchemaRegistryClient(
            new SchemaRegistryOptions
            {
                Urls = [settings.Registry],
                UserName = user?[0],
                Password = user is [_, var password] ? password : null,
                RequestTimeout = settings.Timeout,
                AttemptCount = 2,
            },
            time);
    }
}
