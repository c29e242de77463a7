using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;

namespace Schemas.Tests.Registry;

/// <summary>Confluent's client and what is around it, over sockets.</summary>
public sealed class GuardedRegistryClientTests : IAsyncLifetime
{
    private const string StringSchema = "{\"schema\":\"\\\"string\\\"\"}";

    private static readonly Confluent.SchemaRegistry.Schema Text = AvroSchema.Parse("\"string\"").ForRegistry();

    private FakeRegistry registry = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => registry = await FakeRegistry.StartAsync();

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task A_schema_is_asked_for_once()
    {
        registry.Answer(200, StringSchema);
        using var client = Client();

        var first = await client.GetAvroSchemaAsync(7);
        var second = await client.GetAvroSchemaAsync(7);

        Assert.Equal(first.ToString(), second.ToString());
        Assert.Equal("/schemas/ids/7", Assert.Single(registry.Requests).Path);
    }

    [Fact]
    public async Task An_id_is_registered_once()
    {
        registry.Answer(200, "{\"id\":3}");
        using var client = Client();

        Assert.Equal(3, await client.RegisterSchemaAsync("a/b-value", Text));
        Assert.Equal(3, await client.RegisterSchemaAsync("a/b-value", Text));

        var request = Assert.Single(registry.Requests);
        Assert.StartsWith("/subjects/a%2Fb-value/versions", request.Path, StringComparison.Ordinal);
        Assert.Contains("\"schema\":\"\\\"string\\\"\"", request.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_id_is_a_bad_record_and_not_asked_for_again_at_once()
    {
        registry.Answer(404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
        using var client = Client();

        var error = await Assert.ThrowsAsync<UnknownSchemaException>(() => client.GetSchemaAsync(9));
        await Assert.ThrowsAsync<UnknownSchemaException>(() => client.GetSchemaAsync(9));

        Assert.Equal(9, error.SchemaId);
        Assert.IsType<AvroException>(error, exactMatch: false);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task An_unknown_id_is_asked_for_again_after_a_while()
    {
        registry.Answer(404, "{\"error_code\":40403,\"message\":\"Schema not found\"}").Answer(200, StringSchema);
        using var client = Client(o => o with { UnknownIdLifetime = TimeSpan.Zero });

        await Assert.ThrowsAsync<UnknownSchemaException>(() => client.GetSchemaAsync(9));

        Assert.Equal(AvroType.String, (await client.GetAvroSchemaAsync(9)).Type);
    }

    [Fact]
    public async Task A_registry_that_is_away_is_tried_a_bounded_number_of_times()
    {
        registry.Break().Answer(503, "busy").Answer(500, "{\"error_code\":50001,\"message\":\"store\"}");
        using var client = Client();

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(() => client.GetSchemaAsync(1));

        Assert.Contains("50001 store", error.Message, StringComparison.Ordinal);
        Assert.Contains("asked for schema 1", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, registry.Requests.Count);
    }

    [Fact]
    public async Task A_registry_that_comes_back_is_used()
    {
        registry.Break().Answer(200, "{\"schema\":\"\\\"int\\\"\"}");
        using var client = Client();

        Assert.Equal(AvroType.Int, (await client.GetAvroSchemaAsync(1)).Type);
    }

    [Fact]
    public async Task A_failure_is_not_remembered_as_an_answer()
    {
        registry.Break().Answer(200, "{\"id\":3}");
        using var client = Client(o => o with { AttemptCount = 1 });

        await Assert.ThrowsAsync<RegistryUnavailableException>(() => client.RegisterSchemaAsync("s", Text));

        Assert.Equal(3, await client.RegisterSchemaAsync("s", Text));
    }

    [Fact]
    public async Task A_second_address_is_tried_and_remembered()
    {
        registry.Answer(200, "[]").Answer(200, "[]");
        using var client = Client(o => o with { Urls = [Nobody(), new Uri(registry.Address, "base/")] });

        await client.GetAllSubjectsAsync();
        await client.GetAllSubjectsAsync();

        Assert.Equal(["/base/subjects", "/base/subjects"], registry.Requests.Select(r => r.Path));
    }

    [Fact]
    public async Task A_registry_that_nobody_runs_is_named_with_what_was_asked_and_what_to_do()
    {
        var nobody = Nobody();
        using var client = Client(o => o with { Urls = [nobody], AttemptCount = 1 });

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(
            () => client.RegisterSchemaAsync("orders-value", Text));

        Assert.StartsWith(
            $"The schema registry at {nobody.ToString().TrimEnd('/')} cannot be reached, "
            + "asked to register orders-value: ",
            error.Message, StringComparison.Ordinal);
        Assert.Equal("Bring it back, or correct its address.", error.Remedy);
    }

    [Fact]
    public async Task A_registry_that_does_not_answer_is_given_up()
    {
        registry.Hang();
        using var client = Client(o => o with { AttemptCount = 1, RequestTimeout = TimeSpan.FromMilliseconds(20) });

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(() => client.GetSchemaAsync(1));

        Assert.Contains("did not answer in time", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "{\"error_code\":401,\"message\":\"Unauthorized\"}", "refuses the credentials (401)")]
    [InlineData(401, "<html>please log in</html>", "refuses the credentials (401)")]
    [InlineData(403, "", "refuses the credentials (403)")]
    [InlineData(404, "<html>nginx</html>", "not a schema registry")]
    [InlineData(200, "<html>hello</html>", "not a schema registry")]
    [InlineData(200, "[]", "not a schema registry")]
    [InlineData(200, "null", "not a schema registry")]
    [InlineData(200, "{\"schema\":[1]}", "not a schema registry")]
    [InlineData(200, "{}", "lacks schema")]
    [InlineData(405, "", "answers 405")]
    [InlineData(429, "", "TooManyRequests")]
    [InlineData(501, "{\"error_code\":501,\"message\":\"later\"}", "answers 501, asked for schema 1: later")]
    public async Task What_says_nothing_about_the_record_is_never_taken_for_a_bad_record(
        int status, string body, string message)
    {
        registry.Answer(status, body);
        using var client = Client(o => o with { AttemptCount = 1 });

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(() => client.GetSchemaAsync(1));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_an_answer_is_no_bad_record()
    {
        registry.BreakInTheMiddle();
        using var client = Client(o => o with { AttemptCount = 1 });

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(() => client.GetSchemaAsync(1));

        Assert.Contains("broke the connection", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"id\":0}")]
    [InlineData("{}")]
    [InlineData("{\"id\":\"three\"}")]
    [InlineData("{\"id\":99999999999}")]
    public async Task What_answers_without_an_id_is_no_registry(string body)
    {
        registry.Answer(200, body);
        using var client = Client(o => o with { AttemptCount = 1 });

        await Assert.ThrowsAsync<RegistryUnavailableException>(() => client.RegisterSchemaAsync("s", Text));
    }

    [Theory]
    [InlineData("PROTOBUF")]
    [InlineData("SOMETHING")]
    public async Task A_schema_of_another_type_is_a_bad_record(string type)
    {
        registry.Answer(200, $"{{\"schema\":\"x\",\"schemaType\":\"{type}\"}}");
        using var client = Client();

        await Assert.ThrowsAsync<AvroException>(() => client.GetAvroSchemaAsync(1));
    }

    [Fact]
    public async Task A_refusal_is_passed_on_with_its_code()
    {
        registry.Answer(409, "{\"error_code\":40901,\"message\":\"incompatible\"}");
        using var client = Client();

        var error = await Assert.ThrowsAsync<RegistryRefusedException>(() => client.RegisterSchemaAsync("s", Text));

        Assert.Equal((40901, "incompatible"), (error.ErrorCode, error.Message));
    }

    [Theory]
    [InlineData("", "me:secret", "Basic bWU6c2VjcmV0")]
    [InlineData("", "me", "Basic bWU6")]
    [InlineData("me:s%40cret@", null, "Basic bWU6c0BjcmV0")]
    [InlineData("", null, null)]
    public async Task Credentials_are_sent_and_never_shown(string inAddress, string? userInfo, string? expected)
    {
        registry.Answer(200, "[]").Break();
        var url = new Uri($"http://{inAddress}127.0.0.1:{registry.Address.Port}");
        using var client = Client(o => o with { Urls = [url], UserInfo = userInfo, AttemptCount = 1 });

        await client.GetAllSubjectsAsync();
        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(client.GetAllSubjectsAsync);

        Assert.Equal(expected, registry.Requests[0].Authorization);
        Assert.Contains($"http://127.0.0.1:{registry.Address.Port}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_do_not_follow_a_redirect()
    {
        await using var elsewhere = await FakeRegistry.StartAsync();
        elsewhere.Answer(200, "[]");
        registry.Redirect(new Uri(elsewhere.Address, "subjects"));
        using var client = Client(o => o with { UserInfo = "me:secret" });

        await client.GetAllSubjectsAsync();

        Assert.NotNull(Assert.Single(registry.Requests).Authorization);
        Assert.Null(Assert.Single(elsewhere.Requests).Authorization);
    }

    [Fact]
    public async Task A_token_is_fetched_with_the_clients_own_settings_and_sent()
    {
        await using var authority = await FakeRegistry.StartAsync();
        authority.Answer(200, "{\"access_token\":\"tokentoken\",\"expires_in\":300}", "application/json");
        registry.Answer(200, "[]");
        using var client = Client(o => o with { Properties = OAuth(authority.Address) });

        await client.GetAllSubjectsAsync();

        Assert.Contains("client_secret=hush", Assert.Single(authority.Requests).Body, StringComparison.Ordinal);
        Assert.Equal("Bearer tokentoken", Assert.Single(registry.Requests).Authorization);
    }

    [Fact]
    public async Task An_authority_that_gives_no_token_is_waited_for_as_the_registry_is()
    {
        using var client = Client(o => o with { Properties = OAuth(Nobody()), AttemptCount = 1 });

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(() => client.GetSchemaAsync(1));

        Assert.Contains("Failed to fetch token", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public void A_setting_that_the_client_does_not_know_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(
            () => Client(o => o with { Properties = new Dictionary<string, string> { ["schema.registry.x"] = "1" } }));

        Assert.Contains("schema.registry.x", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_of_a_schema_not_seen_before_needs_the_registry()
    {
        registry.Break();
        using var client = Client(o => o with { AttemptCount = 1 });
        var serde = new AvroSerde<Alloc.Schemas.Samples.Words>(client, "words-value");

        Assert.Throws<RegistryUnavailableException>(() => serde.Deserialize([0, 0, 0, 0, 5, 0]));
    }

    [Fact]
    public void The_failures_of_a_client_that_somebody_brings_are_told_the_same_way()
    {
        registry.Break();
        using var theirs = new CachedSchemaRegistryClient(new SchemaRegistryConfig
        {
            Url = registry.Address.ToString(),
            MaxRetries = 1,
        });
        var serde = new AvroSerde<Alloc.Schemas.Samples.Words>(theirs, "words-value");

        Assert.Throws<RegistryUnavailableException>(() => serde.Deserialize([0, 0, 0, 0, 5, 0]));
    }

    [Fact]
    public async Task Whoever_waits_for_an_id_may_go()
    {
        registry.Hang();
        using var client = Client();
        var serde = new AvroSerde<Alloc.Schemas.Samples.Words>(client, "words-value");
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var waiting = serde.InitializeAsync(leaving.Token);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    private static Dictionary<string, string> OAuth(Uri authority) => new()
    {
        ["schema.registry.bearer.auth.credentials.source"] = "OAUTHBEARER",
        ["schema.registry.bearer.auth.token.endpoint.url"] = $"{authority}token",
        ["schema.registry.bearer.auth.client.id"] = "alloc",
        ["schema.registry.bearer.auth.client.secret"] = "hush",
        ["schema.registry.bearer.auth.scope"] = "registry",
        ["schema.registry.bearer.auth.logical.cluster"] = "lsrc-1",
        ["schema.registry.bearer.auth.identity.pool.id"] = "pool-1",
    };

    // Port 1 is reserved, and nothing of ours runs with the rights to take it.
    private static Uri Nobody() => new("http://127.0.0.1:1/");

    private GuardedRegistryClient Client(Func<SchemaRegistryOptions, SchemaRegistryOptions>? change = null)
    {
        var options = new SchemaRegistryOptions
        {
            Urls = [registry.Address],
            AttemptCount = 3,
            RetryDelay = TimeSpan.Zero,
        };
        return new GuardedRegistryClient(change?.Invoke(options) ?? options, TimeProvider.System);
    }
}
