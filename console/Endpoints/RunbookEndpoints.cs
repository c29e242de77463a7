using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>
/// What to do about an alert, a page each: docs/runbooks, carried in the program so that the link in a message leads
/// somewhere wherever an instance runs.
/// </summary>
internal static class RunbookEndpoints
{
    /// <summary>Where the pages are; their links to one another have the file's ending.</summary>
    internal const string Path = "/v1/runbooks/";

    private const string Folder = "runbooks/";
    private const string Ending = ".md";
    private static readonly Assembly Program = typeof(RunbookEndpoints).Assembly;

    /// <summary>The alerts that there is a page of.</summary>
    public static IReadOnlyList<string> Alerts { get; } =
        [.. Program.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal))
            .Select(n => n[Folder.Length..]).Order(StringComparer.Ordinal)];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet($"{Path}{{alert}}", AnswerAsync);

    /// <summary>GET /v1/runbooks/{alert}: the page, as text that a browser shows.</summary>
    private static async Task AnswerAsync(HttpContext context)
    {
        var name = RawPath.Segments(context, 2)[0];
        var alert = name.EndsWith(Ending, StringComparison.Ordinal) ? name[..^Ending.Length] : name;
        if (!Alerts.Contains(alert, StringComparer.Ordinal))
        {
            await Problem.WriteAsync(
                context, 404, "No such runbook",
                $"There is no page of '{alert}'; there are {string.Join(", ", Alerts)}.")
                .ConfigureAwait(false);
            return;
        }
        context.Response.ContentType = "text/plain; charset=utf-8";
        using var page = Program.GetManifestResourceStream(Folder + alert)!;
        await page.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }
}
