using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Alloc.Schemas.Registry;

/// <summary>What a registry said no with.</summary>
internal sealed record RegistryError(HttpStatusCode Status, int ErrorCode, string Message);

/// <summary>Requests to the registry: addresses in turn, a bounded number of tries, answers or a refusal.</summary>
internal sealed class RegistryTransport : IDisposable
{
    private const string MediaType = "application/vnd.schemaregistry.v1+json";
    private const int MaximumAnswerSize = 8 * 1024 * 1024;

    private readonly SchemaRegistryOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private int _preferredUrl;

    public RegistryTransport(SchemaRegistryOptions options, TimeProvider time, HttpMessageHandler? handler)
    {
        ArgumentOutOfRangeException.ThrowIfZero(options.Urls.Count, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.AttemptCount, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.AttemptCount, 100, nameof(options));
        _options = options;
        _time = time;
        _http = new HttpClient(handler ?? CreateHandler(options))
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaximumAnswerSize,
        };
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaType));
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Sends a request until there is an answer.</summary>
    /// <returns>The answer's JSON, or what the registry refused it with (404, 409 and 422 only).</returns>
    /// <exception cref="RegistryUnavailableException">No address answered in as many tries as there are.</exception>
    public async Task<(JsonElement Answer, RegistryError? Error)> SendAsync(
        HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        var delay = _options.RetryDelay;
        for (var attempt = 1; ; attempt++)
        {
            RegistryUnavailableException? failure = null;
            for (var i = 0; i < _options.Urls.Count; i++)
            {
                var index = (Volatile.Read(ref _preferredUrl) + i) % _options.Urls.Count;
                try
                {
                    var answer = await SendOnceAsync(_options.Urls[index], method, path, body, cancellationToken)
                        .ConfigureAwait(false);
                    Volatile.Write(ref _preferredUrl, index);
                    return answer;
                }
                catch (RegistryUnavailableException error)
                {
                    failure = error;
                }
            }
            if (attempt >= _options.AttemptCount)
            {
                throw failure!;
            }
            await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
            delay *= 2;
        }
    }

    private static SocketsHttpHandler CreateHandler(SchemaRegistryOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
        };
        if (options.ClientCertificate is not null)
        {
            handler.SslOptions.ClientCertificates = [options.ClientCertificate];
        }
        if (options.TrustedCertificatesFile is { } file)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        return handler;
    }

    private static string AddressOf(Uri url) =>
        url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    private async Task<(JsonElement Answer, RegistryError? Error)> SendOnceAsync(
        Uri url, HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        var address = AddressOf(url).TrimEnd('/');
        using var request = new HttpRequestMessage(method, address + path);
        request.Headers.Authorization = Credentials(url);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        }
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await _http.SendAsync(request, either.Token).ConfigureAwait(false);
            var content = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            return Interpret(address, response.StatusCode, content);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RegistryUnavailableException(
                $"The schema registry at {address} did not answer within {_options.RequestTimeout.TotalSeconds:0.#} s.",
                error);
        }
        catch (HttpRequestException error)
        {
            throw new RegistryUnavailableException(
                $"The schema registry at {address} cannot be reached: {(error.InnerException ?? error).Message}",
                error);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new RegistryUnavailableException(
                $"The connection to the schema registry at {address} broke: {error.Message}", error);
        }
    }

    private AuthenticationHeaderValue? Credentials(Uri url)
    {
        var pair = _options.UserName is { } user ? $"{user}:{_options.Password}" : Uri.UnescapeDataString(url.UserInfo);
        return pair.Length == 0
            ? null
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
    }

    private static (JsonElement Answer, RegistryError? Error) Interpret(
        string address, HttpStatusCode status, byte[] content)
    {
        JsonElement json;
        try
        {
            using var document = JsonDocument.Parse(content);
            json = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            json = default;
        }
        if ((int)status is >= 200 and < 300)
        {
            return json.ValueKind != JsonValueKind.Undefined
                ? (json, null)
                : throw new RegistryUnavailableException($"What answers at {address} is not a schema registry.");
        }
        var message = Text(json, "message") ?? status.ToString();
        var code = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("error_code", out var number)
            && number.TryGetInt32(out var value) ? value : 0;
        if (status is (HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity)
            && code != 0)
        {
            return (default, new RegistryError(status, code, message));
        }
        throw new RegistryUnavailableException(status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                $"The schema registry at {address} refuses the credentials ({(int)status}): check user, password and "
                + "rights.",
            HttpStatusCode.NotFound => $"What answers at {address} is not a schema registry (404).",
            _ => $"The schema registry at {address} answers {(int)status}: {message}",
        });
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
