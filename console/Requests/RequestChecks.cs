using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Requests;

/// <summary>
/// Refuses what a route would otherwise have to guess at: an id that is empty or no text, a query parameter that is not
/// known, is empty, is there twice or has a value that is none. One place for every route, before any of them acts.
/// </summary>
internal static class RequestChecks
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint() is RouteEndpoint endpoint && Problem(context, endpoint) is { } problem)
        {
            await Web.Problem.WriteAsync(context, 400, "Bad request", problem).ConfigureAwait(false);
            return;
        }
        await next(context).ConfigureAwait(false);
    }

    private static string? Problem(HttpContext context, RouteEndpoint endpoint) =>
        PathProblem(context, endpoint) ?? QueryProblem(
            context.Request.Query, endpoint.Metadata.GetMetadata<QueryParameters>() ?? QueryParameters.None);

    private static string? PathProblem(HttpContext context, RouteEndpoint endpoint)
    {
        if (endpoint.RoutePattern.Parameters.Count == 0)
        {
            return null;
        }
        var segments = RawPath.Of(context)[1..].Split('/');
        if (segments.FirstOrDefault(s => RawPath.Decode(s) is null) is { } broken)
        {
            return $"'{broken}' in the path is not percent-encoded UTF-8.";
        }
        // Of an id that is written over several segments a part may be empty: a//b.
        var first = endpoint.RoutePattern.PathSegments.TakeWhile(s => s.Parts is [{ IsLiteral: true }]).Count();
        var ids = endpoint.RoutePattern.Parameters.Any(p => p.IsCatchAll)
            ? [string.Join('/', segments.Skip(first).Select(s => RawPath.Decode(s)!))]
            : segments.Select(s => RawPath.Decode(s)!).ToArray();
        return ids.Any(string.IsNullOrWhiteSpace)
            ? $"An id in the path is empty. The route is {Shown(endpoint)}; a slash in an id is %2F."
            : null;
    }

    private static string Shown(RouteEndpoint endpoint) =>
        endpoint.RoutePattern.RawText!.Replace("**", "", StringComparison.Ordinal);

    private static string? QueryProblem(IQueryCollection query, QueryParameters parameters)
    {
        foreach (var (name, values) in query)
        {
            if (parameters.Known.FirstOrDefault(p => p.Name == name) is not { } parameter)
            {
                return parameters.Known.Count == 0
                    ? $"'{name}' is not known: this route takes no query parameters."
                    : $"'{name}' is not known. Known here are "
                        + $"{string.Join(", ", parameters.Known.Select(p => p.Name))}.";
            }
            if (values.Count != 1)
            {
                return $"{name} is there {values.Count} times; it has one value.";
            }
            var value = values[0] ?? "";
            if (string.IsNullOrWhiteSpace(value))
            {
                return $"{name} is empty; leave it out, or give it a value.";
            }
            if (parameter.Problem(value) is { } problem)
            {
                return $"{name}: '{value}' {problem}.";
            }
        }
        return null;
    }
}
