using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;

namespace EndToEnd.Tests.Processes;

/// <summary>
/// A producer of the next version of the contract: one more field at the end, which this version reads over.
/// </summary>
internal sealed record NewerCommands(int SchemaId)
{
    /// <summary>Registers the newer contract as the newer producer would.</summary>
    public static async Task<NewerCommands> RegisterAsync(string registryUrl)
    {
        var json = JsonNode.Parse(AllocationCommand.Schema.ToString())!;
        json["fields"]!.AsArray().Add(new JsonObject { ["name"] = "note", ["type"] = "string", ["default"] = "" });
        using var registry = new GuardedRegistryClient(
            new SchemaRegistryOptions { Urls = [new Uri(registryUrl)] }, TimeProvider.System);
        return new NewerCommands(await registry.RegisterSchemaAsync(
            ConfluentFraming.SubjectOf(CommandClient.Commands),
            AvroSchema.Parse(json.ToJsonString()).ForRegistry()));
    }

    /// <summary>The command in the newer contract, with an empty note.</summary>
    public byte[] Encode(CommandClient client, AllocationCommand command)
    {
        byte[] message = [.. client.Encode(command), 0];
        ConfluentFraming.WriteHeader(message, SchemaId);
        return message;
    }
}
