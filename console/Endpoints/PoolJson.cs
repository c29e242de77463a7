using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;
using Alloc.Web.Reads;

namespace Alloc.Web.Endpoints;

/// <summary>A pool as the API shows it.</summary>
internal static class PoolJson
{
    /// <summary>
    /// The pool. "available" is what whoever asks can get at once, whatever the class; "availableTo" says it of each
    /// class.
    /// </summary>
    public static JsonObject Of(
        PoolState pool, AvailabilityReads availability, int partition, IEnumerable<SupplySource>? sources)
    {
        var json = AvroJson.Of(pool);
        var classes = availability.Of(pool);
        json["available"] = classes.Min(c => c.Available);
        json["availableTo"] = new JsonArray([.. classes.Select(c => (JsonNode)new JsonObject
        {
            ["class"] = c.Class,
            ["available"] = c.Available,
        })]);
        json["partition"] = partition;
        if (sources is not null)
        {
            json["sources"] = new JsonArray([.. sources.Select(s => (JsonNode)AvroJson.Of(s))]);
        }
        return json;
    }
}
