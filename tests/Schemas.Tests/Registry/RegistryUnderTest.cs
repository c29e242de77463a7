using System.Text;
using System.Text.Json;
using Alloc.Broker.Registry;
using Alloc.Cli.Commands.Servers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Schemas.Tests.Registry;

/// <summary>An embedded registry on a free port, and requests to it as status and text.</summary>
internal sealed class RegistryUnderTest : IAsyncDisposable
{
    private readonly SchemaRegistryServer server;
    private readonly HttpClient http;

    private RegistryUnderTest(SchemaRegistryServer server)
    {
        this.server = server;
        http = new HttpClient { BaseAddress = Address };
    }

    public Uri Address => new($"http://127.0.0.1:{server.Port}");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<RegistryUnderTest> StartAsync(string directory) =>
        new(await SchemaRegistryServer.StartAsync(
            new RegistryOptions { DataDirectory = directory, Port = 0 }, new AvroSchemaValidator(),
            NullLoggerFactory.Instance, Cancellation));

    /// <summary>Sends a request; the answer as "status text".</summary>
    public async Task<string> SendAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null
            ? null
            : new StringContent(body, Encoding.UTF8, "application/vnd.schemaregistry.v1+json");
        using var response = await http.SendAsync(request, Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        return response.IsSuccessStatusCode
            ? $"{(int)response.StatusCode} {text}"
            : $"{(int)response.StatusCode} {JsonDocument.Parse(text).RootElement.GetProperty("error_code").GetInt32()}";
    }

    /// <summary>Registers a schema.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="schema">The schema.</param>
    /// <param name="more">More properties of the body, each with a comma before it.</param>
    public Task<string> RegisterAsync(string subject, string schema, string more = "") => SendAsync(
        "POST", $"/subjects/{subject}/versions", $"{{\"schema\":{JsonSerializer.Serialize(schema)}{more}}}");

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }
}
