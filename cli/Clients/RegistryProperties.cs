using Alloc.Cli.CommandLine;
using Alloc.Client;
using Names = Confluent.SchemaRegistry.SchemaRegistryConfig.PropertyNames;

namespace Alloc.Cli.Clients;

/// <summary>
/// Properties of the registry's client from a file: what registries with OAuth, own authorities or client certificates
/// need. The client checks their names and values when it is opened.
/// </summary>
internal static class RegistryProperties
{
    private const string Prefix = "schema.registry.";

    public static Dictionary<string, string> Read(string? file)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value, where) in PropertyFile.Read(file, "--registry-config"))
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal) && key != Names.EnableSslCertificateVerification)
            {
                throw AllocException.Usage(
                    $"{where}: {key} is no property of a registry client: they begin with {Prefix}");
            }
            if (key == Names.SchemaRegistryUrl)
            {
                throw AllocException.Usage($"{where}: --registry names the address.");
            }
            properties[key] = value;
        }
        return properties;
    }
}
