using Alloc.Web.Endpoints;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Security;

/// <summary>
/// Lets a request through or answers 401, 403 or 421. Without credentials only loopback names are served, so that a
/// page in a browser cannot reach the API through a name of its own; with them every route but the health checks and
/// the runbooks needs a token of the role that the route needs.
/// </summary>
internal sealed class AccessControl(Credentials? credentials, bool isLoopback)
{
    private const string Scheme = "Bearer ";
    private static readonly string[] LoopbackNames = ["localhost", "127.0.0.1", "[::1]", "::1"];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (isLoopback && !LoopbackNames.Contains(request.Host.Host, StringComparer.OrdinalIgnoreCase))
        {
            await Problem.WriteAsync(context, 421, "Unknown host",
                $"This instance does not answer as {request.Host.Host}.").ConfigureAwait(false);
            return;
        }
        var isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (!isRead && IsFromAnotherSite(request))
        {
            await Problem.WriteAsync(context, 403, "Another site",
                "Requests that change something come from no other site.").ConfigureAwait(false);
            return;
        }
        if (credentials is not null && !IsOpen(request.Path))
        {
            var needed = RequiredRole.Of(context.GetEndpoint(), isRead);
            var role = RoleOf(request);
            if (role == Role.None)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
                await Problem.WriteAsync(context, 401, "Who are you?", "Send a token: Authorization: Bearer ….")
                    .ConfigureAwait(false);
                return;
            }
            if (role < needed)
            {
                await Problem.WriteAsync(
                    context, 403, "Not allowed", $"This needs the role {needed.ToString().ToLowerInvariant()}.")
                    .ConfigureAwait(false);
                return;
            }
        }
        await next(context).ConfigureAwait(false);
    }

    private Role RoleOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? credentials!.Identify(header[Scheme.Length..].Trim()).Role
            : Role.None;
    }

    // A runbook says nothing of this deployment, and who is paged at night has no token at hand.
    private static bool IsOpen(PathString path) =>
        path == "/healthz" || path == "/readyz" || path.StartsWithSegments(RunbookEndpoints.Path.TrimEnd('/'));

    private static bool IsFromAnotherSite(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && origin != $"{request.Scheme}://{request.Host}";
    }
}
