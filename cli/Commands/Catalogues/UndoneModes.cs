using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Policies;
using Alloc.Client;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary>
/// Says which modes of a catalogue the ledger will not do under a policy: the backlog would say that they are on, and
/// nothing would happen.
/// </summary>
internal static class UndoneModes
{
    /// <summary>The policy that was applied last.</summary>
    public static async Task<AllocationPolicy> PolicyAsync(
        CommandContext context, AllocClientOptions settings, ISchemaRegistryClient registry,
        CancellationToken cancellation)
    {
        var topic = new PolicyTopic(settings, registry) { OnUnusable = context.Screen.Warn };
        try
        {
            var applied = await Task.Run(() => topic.Newest(cancellation), cancellation).ConfigureAwait(false);
            return applied?.Policy ?? PolicyVersions.Version0;
        }
        catch (AllocException e) when (e.Kind == FailureKind.NotFound)
        {
            // Where there is no topic of policies none was ever applied.
            return PolicyVersions.Version0;
        }
    }

    /// <summary>Warns of each, with what to do, and gives them as data.</summary>
    public static JsonArray Warn(CommandContext context, OperationsCatalogue catalogue, AllocationPolicy policy)
    {
        var undone = LedgerModes.Undone(catalogue, policy);
        foreach (var mode in undone)
        {
            context.Screen.Warn($"mode {mode.Mode}: under policy version {policy.Version} {mode.Why}. {mode.Remedy}");
        }
        return
        [
            .. undone.Select(mode => (JsonNode)new JsonObject
            {
                ["mode"] = mode.Mode,
                ["why"] = mode.Why,
                ["remedy"] = mode.Remedy,
            }),
        ];
    }
}
