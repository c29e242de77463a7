using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Alloc.Web;

/// <summary>
/// The path's segments as the client wrote them, each decoded once: ids may contain slashes, be dots, or be empty by
/// mistake, and the server's own decoding tells none of these.
/// </summary>
internal static class RawPath
{
    /// <summary>What stands for a segment that the server would drop, while a route is chosen.</summary>
    private const string Placeholder = "\u2024";

    private const string ApiPrefix = "/v1/";
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Segments after the first <paramref name="skip"/>.</summary>
    public static string[] Segments(HttpContext context, int skip) =>
        [.. Of(context)[1..].Split('/').Skip(skip).Select(s => Decode(s) ?? s)];

    /// <summary>The path as the client wrote it, without the query.</summary>
    public static string Of(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (!target.StartsWith('/'))
        {
            target = context.Request.Path.Value is { Length: > 0 } path ? path : "/";
        }
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? target : target[..query];
    }

    /// <summary>A segment as text; null where its bytes are not UTF-8.</summary>
    public static string? Decode(string segment)
    {
        if (!segment.Contains('%', StringComparison.Ordinal))
        {
            return segment;
        }
        var bytes = new List<byte>(segment.Length);
        for (var at = 0; at < segment.Length; at++)
        {
            if (segment[at] != '%')
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(segment, at, char.IsHighSurrogate(segment[at]) ? 2 : 1));
                at += char.IsHighSurrogate(segment[at]) ? 1 : 0;
                continue;
            }
            if (at + 2 >= segment.Length || !char.IsAsciiHexDigit(segment[at + 1])
                || !char.IsAsciiHexDigit(segment[at + 2]))
            {
                return null;
            }
            bytes.Add(Convert.ToByte(segment.Substring(at + 1, 2), 16));
            at += 2;
        }
        try
        {
            return Strict.GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>
    /// Chooses the route by the path as it was written: a segment that is empty or dots (a pool may be called
    /// <c>..</c>) stays a segment, where the server has already resolved it.
    /// </summary>
    public static Task RestoreAsync(HttpContext context, RequestDelegate next)
    {
        var path = Of(context);
        if (path.StartsWith(ApiPrefix, StringComparison.Ordinal))
        {
            var segments = path[1..].Split('/').Select(s => Decode(s) ?? s).ToList();
            if (segments.Exists(s => s is "" or "." or ".."))
            {
                context.Request.Path = "/" + string.Join('/', segments.Select(
                    s => s is "" or "." or ".." ? Placeholder : s.Replace("/", "%2F", StringComparison.Ordinal)));
            }
        }
        return next(context);
    }
}
