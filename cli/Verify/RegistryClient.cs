using Alloc.Cli.CommandLine;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Verify;

/// <summary>Opens the schema registry that the options name.</summary>
internal static class RegistryClient
{
    public static HttpSchemaRegistryClient Open(ClientSettings settings, TimeProvider time)
    {
        var credentials = settings.RegistryUser?.Split(':', 2);
        return new HttpSchemaRegistryClient(
            new SchemaRegistryOptions
            {
                Urls = [settings.Registry],
                UserName = credentials?[0],
                Password = credentials?.ElementAtOrDefault(1),
            },
            time);
    }
}
