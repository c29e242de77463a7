using System.Net;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Client;

namespace Alloc.Cli.Commands.General;

/// <summary>What an instance says of something that is explained, which goes on where it says nothing.</summary>
internal static class InstanceWord
{
    /// <summary>How long it is waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Asks. That there is no such thing is an answer; whatever else is none, and its reason is what is unknown.
    /// </summary>
    public static async Task<(JsonObject? Found, string? Unknown)> AskAsync(
        JsonHttp console, string path, CancellationToken cancellation)
    {
        try
        {
            var (status, body) = await console.TryAsync(HttpMethod.Get, path, cancellation).ConfigureAwait(false);
            return status switch
            {
                HttpStatusCode.OK when body is JsonObject found => (found, null),
                HttpStatusCode.NotFound => (null, null),
                _ => (null, (body as JsonObject)?["detail"]?.ToString() ?? $"The answer is {status}."),
            };
        }
        catch (AllocException e) when (e.Kind is FailureKind.Unavailable or FailureKind.Failed)
        {
            return (null, e.Message);
        }
    }
}
