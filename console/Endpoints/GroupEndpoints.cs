using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>Who reads the topics, ours and everybody else's, and how far they are.</summary>
internal sealed class GroupEndpoints(Func<JsonObject?> groups)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/groups", GroupsAsync);

    /// <summary>
    /// GET /v1/groups: the consumer groups on topics of the catalogue with their partitions, lag, age, how they fare
    /// and what holds them up, and how old that is; 503 before the instance watches.
    /// </summary>
    private Task GroupsAsync(HttpContext context) => groups() is { } report
        ? JsonAnswer.WriteAsync(context, 200, report)
        : Problem.WriteAsync(context, 503, "Not yet", "This instance does not watch the groups yet; ask again.");
}
