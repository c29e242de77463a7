using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Processors.Allocation;
using Alloc.Web;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Alloc.Web.Security;
using EndToEnd.Tests.Processes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EndToEnd.Tests.Http;

/// <summary>
/// What holds for every route: the table of routes itself is the table of the tests, so a route that is added tomorrow
/// is tested too.
/// </summary>
public sealed class RouteTableTests : IAsyncLifetime
{
    /// <summary>Whom each route needs, written down a second time: a change is one of both.</summary>
    private static readonly Dictionary<string, Role> Needed = new()
    {
        ["GET /healthz"] = Role.None,
        ["GET /readyz"] = Role.None,
        ["GET /metrics"] = Role.Viewer,
        ["GET /v1/tasks"] = Role.Viewer,
        ["GET /v1/runbooks/{alert}"] = Role.None,
        ["GET /v1/groups"] = Role.Viewer,
        ["GET /v1/pools"] = Role.Viewer,
        ["GET /v1/pools/{**id}"] = Role.Viewer,
        ["GET /v1/pools/{id}/why-not"] = Role.Viewer,
        ["GET /v1/pools/{id}/deficit"] = Role.Viewer,
        ["GET /v1/reservations"] = Role.Viewer,
        ["GET /v1/reservations/{pool}"] = Role.Viewer,
        ["GET /v1/reservations/{pool}/{id}"] = Role.Viewer,
        ["GET /v1/commands/{id}"] = Role.Viewer,
        ["GET /v1/settings"] = Role.Viewer,
        ["GET /v1/stages"] = Role.Viewer,
        ["GET /v1/stages/{id}"] = Role.Viewer,
        ["GET /v1/holds-at-risk"] = Role.Viewer,
        ["GET /v1/waiting/{id}"] = Role.Viewer,
        ["GET /v1/mismatches"] = Role.Viewer,
        ["GET /v1/mismatches/{id}"] = Role.Viewer,
        ["GET /v1/mismatch-counts"] = Role.Viewer,
        ["GET /v1/projection"] = Role.Viewer,
        ["POST /v1/projection/rebuild"] = Role.Operator,
        ["POST /v1/projection/scan"] = Role.Operator,
        ["POST /v1/checkpoint"] = Role.Operator,
        ["POST /v1/tasks/{topic}/{partition:int}/accept-time"] = Role.Admin,
    };

    /// <summary>A value of each parameter that is none; text takes any.</summary>
    private static readonly Dictionary<string, string[]> Bad = new()
    {
        ["limit"] = ["0", "-1", "1.5", "ten", "99999999999999999999"],
        ["quantity"] = ["0", "-1", "1.5", "many", "99999999999999999999"],
        ["deficit"] = ["yes", "1", "True"],
        ["state"] = ["Mended", "-1"],
        ["severity"] = ["loud", "Page"],
        ["queued"] = ["yes", "1", "True"],
        ["settled"] = ["yes", "1", "True"],
        ["whole"] = ["yes", "1", "True"],
        ["after"] = ["no place", "!", "cGFnZQ"],
        ["check"] = ["yes", "1"],
        ["allowIncomplete"] = ["yes", "1"],
        ["enteredAtMs"] = ["-1", "x", "253402300800000"],
        ["generation"] = ["-1", "x", "3000000000"],
        ["through"] = ["-1", "x"],
        ["status"] = ["1", "no-such", "held,confirmed"],
        ["olderThan"] = ["5", "15 minutes", "1h1h", "36501d", "P1M"],
        ["newerThan"] = ["5", "yesterday", "-5s"],
    };

    private readonly TemporaryDirectory directory = new();
    private readonly List<RouteEndpoint> routes = [];
    private ConsoleServer? server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_route_is_in_the_table_of_roles() =>
        Assert.Equal(Needed.Keys.Order(StringComparer.Ordinal), routes.Select(Name).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Every_route_lets_in_whom_it_needs_and_nobody_below()
    {
        var failures = new List<string>();
        foreach (var route in routes)
        {
            foreach (var role in Enum.GetValues<Role>())
            {
                var status = (await AskAsync(route, "", role)).Status;
                var isRefused = status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
                var expected = role < Needed[Name(route)];
                if (isRefused != expected || (role == Role.None && expected && status != HttpStatusCode.Unauthorized))
                {
                    failures.Add($"{Name(route)} as {role}: {status}");
                }
            }
        }

        Assert.Empty(failures);
    }

    [Fact]
    public async Task Every_route_refuses_a_parameter_that_it_does_not_know_and_names_those_that_it_does()
    {
        foreach (var route in routes)
        {
            var known = Parameters(route);

            var (status, detail) = await AskAsync(route, "?colour=red", Role.Admin);

            Assert.Equal((Name(route), HttpStatusCode.BadRequest), (Name(route), status));
            Assert.Contains("'colour' is not known", detail, StringComparison.Ordinal);
            Assert.Contains(
                known.Count == 0 ? "no query parameters" : string.Join(", ", known.Select(p => p.Name)), detail,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_parameter_is_there_once_and_has_a_value()
    {
        foreach (var route in routes)
        {
            foreach (var parameter in Parameters(route))
            {
                foreach (var query in new[] { $"{parameter.Name}=", $"{parameter.Name}", $"{parameter.Name}=%20%09" })
                {
                    var (status, detail) = await AskAsync(route, $"?{query}", Role.Admin);

                    Assert.Equal((Name(route), query, HttpStatusCode.BadRequest), (Name(route), query, status));
                    Assert.Equal($"{parameter.Name} is empty; leave it out, or give it a value.", detail);
                }

                var twice = await AskAsync(route, $"?{parameter.Name}=1&{parameter.Name}=2", Role.Admin);

                Assert.Equal(HttpStatusCode.BadRequest, twice.Status);
                Assert.Equal($"{parameter.Name} is there 2 times; it has one value.", twice.Detail);
            }
        }
    }

    [Fact]
    public async Task Every_parameter_that_is_not_any_text_refuses_what_does_not_parse()
    {
        var typed = 0;
        foreach (var route in routes)
        {
            foreach (var parameter in Parameters(route))
            {
                // What takes this is text.
                if (parameter.Problem("\u0665 no such value") is null)
                {
                    continue;
                }
                typed++;
                foreach (var value in Bad[parameter.Name])
                {
                    var (status, detail) = await AskAsync(
                        route, $"?{parameter.Name}={Uri.EscapeDataString(value)}", Role.Admin);

                    Assert.Equal((Name(route), value, HttpStatusCode.BadRequest), (Name(route), value, status));
                    Assert.StartsWith($"{parameter.Name}: '{value}' is ", detail, StringComparison.Ordinal);
                }
            }
        }
        Assert.InRange(typed, 10, 100);
    }

    [Fact]
    public async Task Every_id_in_a_path_has_a_text()
    {
        foreach (var route in routes.Where(r => r.RoutePattern.Parameters.Any(p => p.ParameterPolicies.Count == 0)))
        {
            foreach (var id in new[] { "", "%20", "%FF", "%zz", "%C3%28" })
            {
                var path = Path(route).Replace("an-id", id, StringComparison.Ordinal);

                var (status, detail) = await AskAsync(Method(route), path, Role.Admin);

                Assert.Equal((path, HttpStatusCode.BadRequest), (path, status));
                Assert.Contains(
                    id is "" or "%20" ? "An id in the path is empty." : "is not percent-encoded UTF-8", detail,
                    StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Another_method_is_refused_with_the_one_that_the_route_has()
    {
        var (status, detail) = await AskAsync("POST", "/v1/pools", Role.Admin);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, status);
        Assert.Equal("This route has no POST; it has GET.", detail);
    }

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllLinesAsync(
            directory["credentials"],
            Enum.GetValues<Role>().Where(r => r != Role.None).Select(r =>
                $"{r} someone {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{r}-token")))}"),
            Cancellation);
        // Nothing behind the routes: what is tested here is answered before they act.
        var parts = new ConsoleParts
        {
            Applications = new HostedApplications([]),
            Directory = new LedgerDirectory(null!, 1, _ => null, _ => null),
            Peers = null!,
            Startup = null!,
            Disks = null!,
            Hypotheses = new Hypotheses(null!, new AllocationOptions { PartitionCount = 1 }),
            WriteMetrics = (_, _) => Task.CompletedTask,
            Time = TimeProvider.System,
        };
        var options = new ConsoleOptions { Port = 0, CredentialsFile = directory["credentials"] };
        server = await ConsoleServer.StartAsync(
            options,
            ConsoleListener.Bind(options),
            application =>
            {
                ConsoleRoutes.Map(application, parts);
                routes.AddRange(((IEndpointRouteBuilder)application).DataSources.SelectMany(s => s.Endpoints)
                    .OfType<RouteEndpoint>());
            },
            NullLoggerFactory.Instance,
            Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
        directory.Dispose();
    }

    private static IReadOnlyList<QueryParameter> Parameters(RouteEndpoint route) =>
        route.Metadata.GetMetadata<QueryParameters>()?.Known ?? [];

    private static string Method(RouteEndpoint route) =>
        Assert.Single(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods);

    private static string Name(RouteEndpoint route) => $"{Method(route)} {route.RoutePattern.RawText}";

    private static string Path(RouteEndpoint route) => string.Join('/', route.RoutePattern.RawText!.Split('/')
        .Select(s => !s.StartsWith('{') ? s : s.Contains(":int", StringComparison.Ordinal) ? "0" : "an-id"));

    private Task<(HttpStatusCode Status, string Detail)> AskAsync(RouteEndpoint route, string query, Role role) =>
        AskAsync(Method(route), Path(route) + query, role);

    private async Task<(HttpStatusCode Status, string Detail)> AskAsync(string method, string target, Role role)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(
            $"http://127.0.0.1:{server!.Port}{target}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (role != Role.None)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", $"{role}-token");
        }
        using var answer = await client.SendAsync(request, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        return (answer.StatusCode, text.StartsWith('{') ? (string?)JsonNode.Parse(text)!["detail"] ?? "" : text);
    }
}
