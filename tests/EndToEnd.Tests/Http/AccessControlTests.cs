using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Alloc.Web;
using Alloc.Web.Requests;
using Alloc.Web.Security;
using EndToEnd.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EndToEnd.Tests.Http;

/// <summary>Who may use the HTTP API, and from where.</summary>
public sealed class AccessControlTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public void Another_address_than_loopback_needs_credentials_and_tls()
    {
        var open = new ConsoleOptions { Host = "0.0.0.0" };

        var withoutAnything = Assert.Throws<ConsoleStartException>(open.Validate);
        var withoutTls = Assert.Throws<ConsoleStartException>((open with { CredentialsFile = "x" }).Validate);
        (open with { CredentialsFile = "x", CertificateFile = "y" }).Validate();
        (open with { CredentialsFile = "x", IsBehindTlsProxy = true }).Validate();
        new ConsoleOptions().Validate();

        Assert.Contains("without credentials", withoutAnything.Message, StringComparison.Ordinal);
        Assert.Contains("without TLS", withoutTls.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_not_this_machine_is_refused_on_loopback()
    {
        await using var server = await StartAsync(null);
        using var client = Client(server);
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/read") { Headers = { Host = "evil.example" } };

        var foreign = await client.SendAsync(rebound, Cancellation);
        var own = await client.GetAsync("/read", Cancellation);

        Assert.Equal(421, (int)foreign.StatusCode);
        Assert.Equal("application/problem+json", foreign.Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task A_change_from_another_site_is_refused()
    {
        await using var server = await StartAsync(null);
        using var client = Client(server);
        using var crossSite = new HttpRequestMessage(HttpMethod.Post, "/act");
        crossSite.Headers.Add("Origin", "https://evil.example");

        var foreign = await client.SendAsync(crossSite, Cancellation);
        var own = await client.PostAsync("/act", null, Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    [InlineData("wrong", HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    [InlineData("viewer-token", HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("operator-token", HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData("admin-token", HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK)]
    public async Task A_token_opens_what_its_role_may_do(
        string? token, HttpStatusCode read, HttpStatusCode act, HttpStatusCode actUnsaid)
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(
            directory["credentials"],
            $"# who may come in\nviewer ann {Digest("viewer-token")}\noperator bob {Digest("operator-token")}\n"
            + $"admin eve {Digest("admin-token")}\n",
            Cancellation);
        await using var server = await StartAsync(directory["credentials"]);
        using var client = Client(server);
        client.DefaultRequestHeaders.Authorization = token is null
            ? null
            : new AuthenticationHeaderValue("Bearer", token);

        Assert.Equal(read, (await client.GetAsync("/read", Cancellation)).StatusCode);
        Assert.Equal(act, (await client.PostAsync("/act", null, Cancellation)).StatusCode);
        Assert.Equal(actUnsaid, (await client.PostAsync("/act-unsaid", null, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/healthz", Cancellation)).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("viewer ann not-a-digest")]
    [InlineData("emperor ann 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    public async Task A_credentials_file_that_makes_no_sense_is_refused(string text)
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["credentials"], text, Cancellation);

        await Assert.ThrowsAsync<ConsoleStartException>(() => StartAsync(directory["credentials"]));
    }

    [Fact]
    public async Task Oversized_requests_are_turned_away_and_unknown_routes_are_problems()
    {
        await using var server = await StartAsync(null);
        using var client = Client(server);

        var long1 = await client.GetAsync($"/read?{new string('x', 40_000)}", Cancellation);
        var unknown = await client.GetAsync("/nowhere", Cancellation);

        Assert.Equal(HttpStatusCode.RequestUriTooLong, long1.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("application/problem+json", unknown.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_port_belongs_to_the_console_from_the_moment_it_is_chosen()
    {
        using var listener = ConsoleListener.Bind(new ConsoleOptions { Port = 0 });

        var other = Assert.Throws<ConsoleStartException>(
            () => ConsoleListener.Bind(new ConsoleOptions { Port = listener.Port }));
        await using var server = await StartAsync(null, listener);

        Assert.Equal($"Port {listener.Port} (console) is in use.", other.Message);
        Assert.Equal(listener.Port, server.Port);
        Assert.Equal("ok", await Client(server).GetStringAsync("/healthz", Cancellation));
    }

    private static Task<ConsoleServer> StartAsync(string? credentials) =>
        StartAsync(credentials, ConsoleListener.Bind(new ConsoleOptions { Port = 0 }));

    private static Task<ConsoleServer> StartAsync(string? credentials, ConsoleListener listener) =>
        ConsoleServer.StartAsync(
            new ConsoleOptions { Port = listener.Port, CredentialsFile = credentials },
            listener,
            routes =>
            {
                routes.MapGet("/read", (RequestDelegate)(c => c.Response.WriteAsync("read")));
                routes.MapGet("/healthz", (RequestDelegate)(c => c.Response.WriteAsync("ok")));
                routes.MapPost("/act", (RequestDelegate)(c => c.Response.WriteAsync("done"))).Needs(Role.Operator);
                routes.MapPost("/act-unsaid", (RequestDelegate)(c => c.Response.WriteAsync("done")));
            },
            NullLoggerFactory.Instance,
            Cancellation);

    private static HttpClient Client(ConsoleServer server) =>
        new() { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };

    private static string Digest(string token) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
