using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client;

namespace Alloc.Cli.Clients;

/// <summary>Asks an HTTP service for JSON, and says in plain words who did not answer.</summary>
internal sealed class JsonHttp : IDisposable
{
    private readonly HttpClient client;
    private readonly string service;
    private readonly string remedy;
    private readonly Uri address;

    public JsonHttp(
        Uri address, string service, string remedy, TimeSpan timeout, AuthenticationHeaderValue? authorization)
    {
        this.service = service;
        this.remedy = remedy;
        this.address = address;
        client = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(3), UseProxy = false })
        {
            Timeout = timeout,
        };
        client.DefaultRequestHeaders.Authorization = authorization;
    }

    /// <param name="context">Names the address and the time-out.</param>
    /// <param name="byDefault">How long to wait when nothing else is said; 10 s if null.</param>
    public static JsonHttp Console(CommandContext context, TimeSpan? byDefault = null)
    {
        var timeout = context.IsGiven(ClientOptions.Timeout)
            ? context.Get(ClientOptions.Timeout)
            : byDefault ?? TimeSpan.FromSeconds(10);
        var token = context.Get(ClientOptions.ConsoleToken);
        return new JsonHttp(
            ClientOptions.Url(context.Get(ClientOptions.Console), "--console"),
            "Alloc",
            "Is 'alloc dev' or 'alloc serve' running? --console or ALLOC_CONSOLE names another address.",
            timeout,
            string.IsNullOrEmpty(token) ? null : new AuthenticationHeaderValue("Bearer", token));
    }

    public Task<JsonNode> GetAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, cancellation);

    public Task<JsonNode> PostAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, cancellation);

    public async Task<(HttpStatusCode Status, JsonNode? Body)> TryAsync(
        HttpMethod method, string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, Address(path));
        try
        {
            using var response = await client.SendAsync(request, cancellation).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
            return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            throw AllocException.Unavailable(
                $"{service} does not answer at {address}: {e.Message}", remedy, e);
        }
        catch (TaskCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw AllocException.Unavailable($"{service} did not answer at {address} in time.", remedy, e);
        }
        catch (JsonException e)
        {
            throw AllocException.Failed(
                $"{service} at {address} answers something that is not JSON.", remedy, e);
        }
    }

    public void Dispose() => client.Dispose();

    // The path as it is written: a pool may be called "..", which must not lead to another address.
    private Uri Address(string path) => new(
        $"{address.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path}",
        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, CancellationToken cancellation)
    {
        var (status, body) = await TryAsync(method, path, cancellation).ConfigureAwait(false);
        if ((int)status < 400)
        {
            return body ?? new JsonObject();
        }
        var said = (body as JsonObject)?["detail"]?.ToString()
            ?? (body as JsonObject)?["message"]?.ToString() ?? Words(status);
        throw status switch
        {
            HttpStatusCode.NotFound => AllocException.NotFound(said),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                AllocException.Failed(
                    $"{service} refuses: {said}", "Check --console-token."),
            HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => AllocException.Unavailable(said),
            HttpStatusCode.BadRequest or HttpStatusCode.RequestUriTooLong => AllocException.Usage(said),
            _ => AllocException.Failed($"{service} answers {(int)status}: {said}"),
        };
    }

    private static string Words(HttpStatusCode status) => status == HttpStatusCode.RequestUriTooLong
        ? "What was asked for is too long for a request: an id has 256 characters, where the policy allows no more."
        : status.ToString();
}
