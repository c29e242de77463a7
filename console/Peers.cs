using System.Net;
using System.Text.Json.Nodes;
using Alloc.Web.Endpoints;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web;

/// <summary>Asks other instances on a caller's behalf, with the caller's own credentials, one hop at most.</summary>
public sealed class Peers : IDisposable
{
    /// <summary>Marks a request that comes from another instance and must be answered here or not at all.</summary>
    public const string ForwardedHeader = "Alloc-Forwarded";

    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        AllowAutoRedirect = false,
        UseProxy = false,
    })
    {
        Timeout = TimeSpan.FromSeconds(5),
        MaxResponseContentBufferSize = 64 << 20,
    };

    /// <summary>True when the request was already forwarded once.</summary>
    public static bool IsForwarded(HttpRequest request) => request.Headers.ContainsKey(ForwardedHeader);

    /// <summary>The peer's answer to the same request; null when it does not answer.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="request">The request, whose method and credentials are used.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <param name="target">Path and query where they differ from the request's.</param>
    /// <param name="partitions">The partitions that the peer is asked for, where it is asked for some.</param>
    /// <param name="method">The method where it differs from the request's.</param>
    public async Task<(HttpStatusCode Status, JsonNode? Body)?> AskAsync(
        Uri peer, HttpRequest request, CancellationToken cancellation, string? target = null,
        IEnumerable<int>? partitions = null, string? method = null)
    {
        target ??= request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!
            .RawTarget;
        using var question = new HttpRequestMessage(new HttpMethod(method ?? request.Method), Address(peer, target));
        question.Headers.Add(ForwardedHeader, "1");
        if (partitions is not null)
        {
            question.Headers.Add(ScatterGather.PartitionsHeader, string.Join(',', partitions));
        }
        if (request.Headers.Authorization.ToString() is { Length: > 0 } authorization)
        {
            question.Headers.TryAddWithoutValidation("Authorization", authorization);
        }
        try
        {
            using var answer = await client.SendAsync(question, cancellation).ConfigureAwait(false);
            var text = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
            return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException ||
            (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    // An id may be dots: nothing of the path is resolved on the way.
    private static Uri Address(Uri peer, string target) => new(
        peer.GetLeftPart(UriPartial.Authority) + target,
        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}
