using System.Text.Json.Nodes;
using Alloc.Web.Json;
using Alloc.Web.Reads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>What was set for whole partitions: policies, degraded modes, authority; of all instances.</summary>
internal sealed class SettingsEndpoints(LedgerDirectory directory, Peers peers)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/settings", AnswerAsync);

    /// <summary>GET /v1/settings: one entry for each partition; partitions nobody could answer for are named.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        var found = new SortedDictionary<int, JsonObject>();
        var owners = new HashSet<Uri>();
        for (var partition = 0; partition < directory.PartitionCount; partition++)
        {
            if (directory.Here(partition) is { } reads)
            {
                found[partition] = SettingsJson(partition, reads);
            }
            else if (!Peers.IsForwarded(context.Request)
                && (await directory.OwnerAsync(partition, context.RequestAborted).ConfigureAwait(false)).Owner
                    is { } owner)
            {
                owners.Add(owner);
            }
        }
        foreach (var owner in owners)
        {
            var answer = await peers.AskAsync(owner, context.Request, context.RequestAborted).ConfigureAwait(false);
            foreach (var entry in answer?.Body?["partitions"]?.AsArray().OfType<JsonObject>() ?? [])
            {
                found[entry["partition"]!.GetValue<int>()] = (JsonObject)entry.DeepClone();
            }
        }
        var absent = Enumerable.Range(0, directory.PartitionCount).Where(p => !found.ContainsKey(p));
        await JsonAnswer.WriteAsync(context, 200, new JsonObject
        {
            ["partitions"] = new JsonArray([.. found.Values]),
            ["absentPartitions"] = new JsonArray([.. absent.Select(p => (JsonNode)p)]),
        }).ConfigureAwait(false);
    }

    private static JsonObject SettingsJson(int partition, ILedgerReads reads)
    {
        var json = new JsonObject { ["partition"] = partition };
        json["t"] = reads.Partition() is { } state ? AvroJson.Time(state.TMs) : null;
        foreach (var (name, value) in AvroJson.Of(reads.Settings()).ToList())
        {
            json[name] = value?.DeepClone();
        }
        return json;
    }
}
