using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Alloc.Web;

/// <summary>
/// The path's segments as the client wrote them, each decoded once: ids may contain slashes, and the server's own
/// decoding cannot tell an encoded slash from a plain one.
/// </summary>
internal static class RawPath
{
    /// <summary>Segments after the first <paramref name="skip"/>; empty ones are left out.</summary>
    public static string[] Segments(HttpContext context, int skip)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (!target.StartsWith('/'))
        {
            target = context.Request.Path.Value ?? "";
        }
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return (query < 0 ? target : target[..query])
            .Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Skip(skip)
            .Select(Uri.UnescapeDataString)
            .ToArray();
    }
}
