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
    private readonly ScatterGather gather = new(directory.PartitionCount, directory.Owners, peers);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/settings", AnswerAsync);

    /// <summary>GET /v1/settings: one entry for each partition; partitions nobody could answer for are named.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        var found = new Settings(directory);
        var report = await gather.GatherAsync(context, found).ConfigureAwait(false);
        var answer = new JsonObject { ["partitions"] = new JsonArray([.. found.ByPartition.Values]) };
        report.WriteTo(answer);
        await JsonAnswer.WriteAsync(context, 200, answer).ConfigureAwait(false);
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

    /// <summary>The settings of each partition.</summary>
    private sealed class Settings(LedgerDirectory directory) : IGathered
    {
        public SortedDictionary<int, JsonObject> ByPartition { get; } = [];

        public bool TryTake(int partition, out string? fault)
        {
            fault = null;
            return directory.TryRead(partition, reads => SettingsJson(partition, reads), out var found)
                && Add(partition, found);
        }

        public bool TryTakeLast(int partition)
        {
            if (!directory.TryReadLast(partition, reads => SettingsJson(partition, reads), out var found, out var age))
            {
                return false;
            }
            found["staleSeconds"] = Math.Round(age.TotalSeconds, 1);
            return Add(partition, found);
        }

        public void Take(JsonObject answer, IReadOnlySet<int> partitions)
        {
            foreach (var entry in answer["partitions"]!.AsArray().OfType<JsonObject>())
            {
                if (entry["partition"]!.GetValue<int>() is var partition && partitions.Contains(partition))
                {
                    Add(partition, (JsonObject)entry.DeepClone());
                }
            }
        }

        private bool Add(int partition, JsonObject found)
        {
            ByPartition[partition] = found;
            return true;
        }
    }
}
