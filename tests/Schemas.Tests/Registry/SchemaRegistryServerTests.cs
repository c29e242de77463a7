using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Alloc.Broker;
using Alloc.Broker.Registry;
using Alloc.Broker.Storage;
using Alloc.Cli.Commands.Servers;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Samples;
using Confluent.SchemaRegistry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace Schemas.Tests.Registry;

/// <summary>The embedded registry over HTTP, as clients see it.</summary>
public sealed class SchemaRegistryServerTests : IAsyncLifetime
{
    private const string One = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}";
    private const string Two = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
        + "{\"name\":\"b\",\"type\":\"int\",\"default\":0}]}";
    private const string Breaking =
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"c\",\"type\":\"int\"}]}";

    private readonly string directory = Directory.CreateTempSubdirectory("alloc-registry-").FullName;
    private SchemaRegistryServer? server;
    private HttpClient http = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Schemas_are_registered_once_and_found_by_id_and_by_version()
    {
        Assert.Equal("{\"id\":1}", await PostAsync("/subjects/s-value/versions", One));
        Assert.Equal("{\"id\":1}", await PostAsync(
            "/subjects/s-value/versions", " " + One.Replace(":", " : ", StringComparison.Ordinal)));
        Assert.Equal("{\"id\":2}", await PostAsync("/subjects/s-value/versions?normalize=true", Two));
        Assert.Equal("{\"id\":1}", await PostAsync("/subjects/other/versions", One));

        Assert.Equal("[\"other\",\"s-value\"]", await GetAsync("/subjects"));
        Assert.Equal("[1,2]", await GetAsync("/subjects/s-value/versions"));
        Assert.Equal(One, Json(await GetAsync("/schemas/ids/1")).GetProperty("schema").GetString());
        Assert.Equal(
            "[{\"subject\":\"other\",\"version\":1},{\"subject\":\"s-value\",\"version\":1}]",
            await GetAsync("/schemas/ids/1/versions"));
        var latest = Json(await GetAsync("/subjects/s-value/versions/latest"));
        Assert.Equal((2, 2, "s-value", Two), (
            latest.GetProperty("id").GetInt32(), latest.GetProperty("version").GetInt32(),
            latest.GetProperty("subject").GetString(), latest.GetProperty("schema").GetString()));
        Assert.Equal(1, Json(await PostAsync("/subjects/s-value", One)).GetProperty("version").GetInt32());
        Assert.Equal(One, await GetAsync("/subjects/s-value/versions/1/schema"));
        Assert.Equal("[\"AVRO\"]", await GetAsync("/schemas/types"));
        Assert.Equal("{\"mode\":\"READWRITE\"}", await GetAsync("/mode"));
    }

    [Theory]
    [InlineData("GET", "/subjects/nope/versions", null, 404, 40401)]
    [InlineData("GET", "/subjects/s/versions/7", null, 404, 40402)]
    [InlineData("GET", "/subjects/s/versions/0", null, 422, 42202)]
    [InlineData("GET", "/subjects/s/versions/x", null, 422, 42202)]
    [InlineData("GET", "/schemas/ids/77", null, 404, 40403)]
    [InlineData("GET", "/schemas/ids/x", null, 404, 40403)]
    [InlineData("GET", "/config/s", null, 404, 40408)]
    [InlineData("PUT", "/config", "{\"compatibility\":\"SOMETIMES\"}", 422, 42203)]
    [InlineData("PUT", "/config", "{}", 422, 42203)]
    [InlineData("POST", "/subjects/s/versions", "{\"schema\":\"{}\"}", 422, 42201)]
    [InlineData("POST", "/subjects/s/versions", "{}", 422, 42201)]
    [InlineData("POST", "/subjects/s/versions", "{\"schemaType\":\"PROTOBUF\",\"schema\":\"\\\"int\\\"\"}", 422, 42201)]
    [InlineData("POST", "/subjects/s/versions", "{\"schema\":\"\\\"int\\\"\",\"references\":[{}]}", 422, 42201)]
    [InlineData("POST", "/subjects/s/versions", "{\"schema\":\"\\\"int\\\"\"}", 409, 40901)]
    [InlineData("POST", "/subjects/s", "{\"schema\":\"\\\"int\\\"\"}", 404, 40403)]
    [InlineData("POST", "/subjects/nope", "{\"schema\":\"\\\"int\\\"\"}", 404, 40401)]
    [InlineData("POST", "/subjects/s/versions", "not json", 400, 400)]
    [InlineData("POST", "/subjects/s/versions", "[]", 400, 400)]
    [InlineData("POST", "/compatibility/subjects/nope/versions/latest", "{\"schema\":\"\\\"int\\\"\"}", 404, 40401)]
    [InlineData("DELETE", "/subjects/nope", null, 404, 40401)]
    [InlineData("DELETE", "/subjects/s?permanent=true", null, 404, 40405)]
    [InlineData("DELETE", "/subjects/s/versions/1?permanent=true", null, 404, 40407)]
    [InlineData("GET", "/nowhere", null, 404, 404)]
    [InlineData("PUT", "/subjects", null, 405, 405)]
    public async Task What_is_refused_says_why_with_its_code(
        string method, string path, string? body, int status, int code)
    {
        await PostAsync("/subjects/s/versions", One);

        var (actual, text, mediaType) = await SendAsync(method, path, body);

        Assert.Equal((HttpStatusCode)status, actual);
        Assert.Equal("application/vnd.schemaregistry.v1+json", mediaType);
        Assert.Equal(code, Json(text).GetProperty("error_code").GetInt32());
        Assert.NotEmpty(Json(text).GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task A_version_that_breaks_the_subjects_level_is_refused_with_the_field()
    {
        await PostAsync("/subjects/s/versions", One);

        var (status, text, _) = await SendAsync("POST", "/subjects/s/versions", Body(Breaking));
        var check = await PostAsync("/compatibility/subjects/s/versions/latest?verbose=true", Breaking);
        var quiet = await PostAsync("/compatibility/subjects/s/versions/1", Two);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("c is not written and has no default", text, StringComparison.Ordinal);
        Assert.Contains(
            "c is not written", Json(check).GetProperty("messages")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal("{\"is_compatible\":true}", quiet);
    }

    [Fact]
    public async Task Levels_are_kept_for_the_registry_and_for_each_subject()
    {
        Assert.Equal("{\"compatibilityLevel\":\"BACKWARD\"}", await GetAsync("/config"));
        await SendAsync("PUT", "/config/s", "{\"compatibility\":\"none\"}");
        await PostAsync("/subjects/s/versions", One);

        Assert.Equal("{\"id\":2}", await PostAsync("/subjects/s/versions", Breaking));
        Assert.Equal("{\"compatibilityLevel\":\"NONE\"}", await GetAsync("/config/s"));
        Assert.Equal("{\"compatibilityLevel\":\"BACKWARD\"}", await GetAsync("/config/other?defaultToGlobal=true"));
        Assert.Equal("{\"compatibilityLevel\":\"NONE\"}", (await SendAsync("DELETE", "/config/s", null)).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("GET", "/config/s", null)).Status);
    }

    [Fact]
    public async Task Deleting_hides_and_deleting_for_good_comes_second()
    {
        await PostAsync("/subjects/s/versions", One);
        await PostAsync("/subjects/s/versions", Two);

        Assert.Equal("2", (await SendAsync("DELETE", "/subjects/s/versions/latest", null)).Text);
        Assert.Equal("[1]", await GetAsync("/subjects/s/versions"));
        Assert.Equal("[1,2]", await GetAsync("/subjects/s/versions?deleted=true"));
        Assert.Equal("[1]", (await SendAsync("DELETE", "/subjects/s", null)).Text);
        Assert.Equal("[]", await GetAsync("/subjects"));
        Assert.Equal("[\"s\"]", await GetAsync("/subjects?deleted=true"));
        Assert.Equal(Two, Json(await GetAsync("/schemas/ids/2")).GetProperty("schema").GetString());
        Assert.Equal("[1,2]", (await SendAsync("DELETE", "/subjects/s?permanent=true", null)).Text);
        Assert.Equal("[]", await GetAsync("/subjects?deleted=true"));

        Assert.Equal("{\"id\":1}", await PostAsync("/subjects/s/versions", One));
        Assert.Equal("[1]", await GetAsync("/subjects/s/versions"));
    }

    [Fact]
    public async Task Everything_is_there_again_after_a_restart()
    {
        await PostAsync("/subjects/s/versions", One);
        await SendAsync("PUT", "/config/s", "{\"compatibility\":\"FULL_TRANSITIVE\"}");
        await PostAsync("/subjects/s/versions", Two);
        // A crash in the middle of a change leaves a part of the next state beside the last one.
        await File.WriteAllTextAsync(
            Path.Combine(directory, "registry", "registry.json.new"), "{\"formatVer", Cancellation);

        await StopAsync();
        await StartAsync();

        Assert.Equal("[1,2]", await GetAsync("/subjects/s/versions"));
        Assert.Equal("{\"compatibilityLevel\":\"FULL_TRANSITIVE\"}", await GetAsync("/config/s"));
        Assert.Equal("{\"id\":2}", await PostAsync("/subjects/s/versions", Two));
        Assert.Equal("{\"id\":3}", await PostAsync("/subjects/t/versions", Breaking));
    }

    [Fact]
    public async Task Damaged_schemas_stop_the_start_with_a_clear_error()
    {
        await PostAsync("/subjects/s/versions", One);
        await StopAsync();
        await File.WriteAllTextAsync(
            Path.Combine(directory, "registry", "registry.json"), "{\"formatVersion\":1", Cancellation);

        var error = await Assert.ThrowsAsync<BrokerStartException>(() => StartAsync());

        Assert.Contains("registry.json cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_refuses_a_change_and_loses_nothing()
    {
        await PostAsync("/subjects/s/versions", One);
        await StopAsync();
        var disk = new FullDisk();
        await StartAsync(disk);

        disk.IsFull = true;
        var (status, text, _) = await SendAsync("POST", "/subjects/s/versions", Body(Two));
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("No space left", text, StringComparison.Ordinal);
        Assert.Equal("[1]", await GetAsync("/subjects/s/versions"));

        disk.IsFull = false;
        Assert.Equal("{\"id\":2}", await PostAsync("/subjects/s/versions", Two));
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var directory = Directory.CreateTempSubdirectory("alloc-registry-").FullName;

        var error = await Assert.ThrowsAsync<BrokerStartException>(() => Start(directory, port));

        Assert.Contains($"Port {port} of 127.0.0.1 is in use", error.Message, StringComparison.Ordinal);
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("somewhere")]
    public async Task Only_loopback_is_listened_on(string host)
    {
        await Assert.ThrowsAsync<BrokerStartException>(() => Start(directory, 0, host));
    }

    [Fact]
    public async Task A_directory_in_use_is_named()
    {
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => Start(directory, 0));

        Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        var (status, _, _) = await SendAsync("POST", "/subjects/s/versions", Body(new string(' ', 2 * 1024 * 1024)));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
    }

    [Fact]
    public async Task The_client_and_our_serde_work_with_it()
    {
        using var client = new GuardedRegistryClient(
            new SchemaRegistryOptions { Urls = [http.BaseAddress!] }, TimeProvider.System);
        await client.UpdateCompatibilityAsync(Compatibility.Full, "trees/x-value");
        var writing = new AvroSerde<Tree>(client, "trees/x-value");
        using var other = new GuardedRegistryClient(
            new SchemaRegistryOptions { Urls = [http.BaseAddress!] }, TimeProvider.System);
        var reading = new AvroSerde<Tree>(other, "trees/x-value");

        var tree = reading.Deserialize(writing.Serialize(new Tree { Value = 12 }));

        Assert.Equal(12, tree.Value);
        Assert.Equal(Compatibility.Full, await client.GetCompatibilityAsync("trees/x-value"));
        Assert.Equal(Compatibility.Backward, await client.GetCompatibilityAsync());
        Assert.Equal(["trees/x-value"], await client.GetAllSubjectsAsync());
        Assert.Equal([1], await client.GetSubjectVersionsAsync("trees/x-value"));
        Assert.Equal(1, await client.GetSchemaIdAsync("trees/x-value", Tree.Schema.ForRegistry()));
        Assert.Equal(1, (await client.GetLatestSchemaAsync("trees/x-value")).Version);
        Assert.Equal(
            Tree.Schema.ToString(), (await client.GetRegisteredSchemaAsync("trees/x-value", 1)).SchemaString);
        Assert.False(await client.IsCompatibleAsync("trees/x-value", Words.Schema.ForRegistry()));
        Assert.Equal(40403, await RefusalAsync(
            () => client.LookupSchemaAsync("trees/x-value", Words.Schema.ForRegistry(), ignoreDeletedSchemas: true)));
        Assert.Equal(40401, await RefusalAsync(() => client.GetLatestSchemaAsync("nope")));
        Assert.Equal(40401, await RefusalAsync(() => client.GetSubjectVersionsAsync("nope")));
        Assert.Equal(40408, await RefusalAsync(() => client.GetCompatibilityAsync("words-value")));
        await Assert.ThrowsAsync<UnknownSchemaException>(() => client.GetSchemaAsync(99));
    }

    private static async Task<int> RefusalAsync<T>(Func<Task<T>> ask) =>
        (await Assert.ThrowsAsync<RegistryRefusedException>(ask)).ErrorCode;

    private static string Body(string schema) => JsonSerializer.Serialize(new { schema });

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static Task<SchemaRegistryServer> Start(
        string directory, int port, string host = "127.0.0.1", Disk? disk = null) => SchemaRegistryServer.StartAsync(
            new RegistryOptions { DataDirectory = directory, Port = port, Host = host },
            new AvroSchemaValidator(), NullLoggerFactory.Instance, disk ?? new Disk(), Cancellation);

    private async Task StartAsync(Disk? disk = null)
    {
        server = await Start(this.directory, 0, disk: disk);
        http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
    }

    private async Task StopAsync()
    {
        http.Dispose();
        await (server?.StopAsync() ?? Task.CompletedTask);
    }

    private async Task<string> GetAsync(string path)
    {
        var (status, text, _) = await SendAsync("GET", path, null);
        Assert.Equal(HttpStatusCode.OK, status);
        return text;
    }

    private async Task<string> PostAsync(string path, string schema)
    {
        var (status, text, _) = await SendAsync("POST", path, Body(schema));
        Assert.True(status == HttpStatusCode.OK, text);
        return text;
    }

    private async Task<(HttpStatusCode Status, string Text, string? MediaType)> SendAsync(
        string method, string path, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null
            ? null
            : new StringContent(body, Encoding.UTF8, "application/vnd.schemaregistry.v1+json");
        // Who is refused by the length of a body hears it before the body is sent, and not a broken pipe while it is.
        request.Headers.ExpectContinue = body?.Length > 1024 * 1024;
        using var response = await http.SendAsync(request, Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        return (response.StatusCode, text, response.Content.Headers.ContentType?.MediaType);
    }

    private sealed class FullDisk : Disk
    {
        public bool IsFull { get; set; }

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position)
        {
            if (IsFull)
            {
                throw new IOException("No space left on device");
            }
            base.Write(file, bytes, position);
        }
    }
}
