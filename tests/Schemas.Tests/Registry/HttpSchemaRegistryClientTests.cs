using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;

namespace Schemas.Tests.Registry;

public sealed class HttpSchemaRegistryClientTests : IDisposable
{
    private static readonly AvroSchema Schema = AvroSchema.Parse("\"string\"");

    private readonly FakeRegistryHandler _handler = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _handler.Dispose();

    [Fact]
    public async Task A_schema_is_asked_for_once()
    {
        _handler.Answer(200, "{\"schema\":\"\\\"string\\\"\"}");
        using var client = Client();

        var first = await client.GetSchemaAsync(7, Cancellation);
        var second = await client.GetSchemaAsync(7, Cancellation);

        Assert.Same(first, second);
        Assert.Equal("/schemas/ids/7", Assert.Single(_handler.Requests).Url.AbsolutePath);
    }

    [Fact]
    public async Task An_id_is_registered_once()
    {
        _handler.Answer(200, "{\"id\":3}");
        using var client = Client();

        Assert.Equal(3, await client.RegisterAsync("a/b-value", Schema, Cancellation));
        Assert.Equal(3, await client.RegisterAsync("a/b-value", Schema, Cancellation));
        Assert.Equal("string", (await client.GetSchemaAsync(3, Cancellation)).ToString().Trim('"'));

        var request = Assert.Single(_handler.Requests);
        Assert.Equal("/subjects/a%2Fb-value/versions", request.Url.AbsolutePath);
        Assert.Equal("{\"schema\":\"\\u0022string\\u0022\"}", request.Body);
    }

    [Fact]
    public async Task An_unknown_id_is_a_bad_record_and_not_asked_for_again_at_once()
    {
        _handler.Answer(404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
        using var client = Client();

        var error = await Assert.ThrowsAsync<UnknownSchemaException>(
            async () => await client.GetSchemaAsync(9, Cancellation));
        await Assert.ThrowsAsync<UnknownSchemaException>(async () => await client.GetSchemaAsync(9, Cancellation));

        Assert.Equal(9, error.SchemaId);
        Assert.IsType<AvroException>(error, exactMatch: false);
        Assert.Single(_handler.Requests);
    }

    [Fact]
    public async Task A_registry_that_is_away_is_tried_a_bounded_number_of_times()
    {
        _handler.Break().Answer(503, "busy").Answer(500, "{\"error_code\":50001,\"message\":\"store\"}");
        using var client = Client();

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(
            async () => await client.GetSchemaAsync(1, Cancellation));

        Assert.Contains("500: store", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, _handler.Requests.Count);
    }

    [Fact]
    public async Task A_registry_that_comes_back_is_used()
    {
        _handler.Break().Answer(200, "{\"schema\":\"\\\"int\\\"\"}");
        using var client = Client();

        Assert.Equal(AvroType.Int, (await client.GetSchemaAsync(1, Cancellation)).Type);
    }

    [Fact]
    public async Task A_second_address_is_tried_and_remembered()
    {
        _handler.Break().Answer(200, "[]").Answer(200, "[]");
        using var client = Client(o => o with { Urls = [new Uri("http://one:1"), new Uri("http://two:2/base/")] });

        await client.GetSubjectsAsync(Cancellation);
        await client.GetSubjectsAsync(Cancellation);

        Assert.Equal(["one", "two", "two"], _handler.Requests.Select(r => r.Url.Host));
        Assert.Equal("/base/subjects", _handler.Requests[1].Url.AbsolutePath);
    }

    [Fact]
    public async Task A_registry_that_does_not_answer_is_given_up()
    {
        _handler.Hang();
        using var client = Client(o => o with { AttemptCount = 1, RequestTimeout = TimeSpan.FromMilliseconds(20) });

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(
            async () => await client.GetSchemaAsync(1, Cancellation));

        Assert.Contains("did not answer within", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "{\"error_code\":401,\"message\":\"Unauthorized\"}", "refuses the credentials")]
    [InlineData(403, "", "refuses the credentials")]
    [InlineData(404, "<html>nginx</html>", "not a schema registry")]
    [InlineData(200, "<html>hello</html>", "not a schema registry")]
    [InlineData(200, "{}", "lacks schema")]
    [InlineData(429, "", "answers 429")]
    public async Task What_says_nothing_about_the_record_is_never_taken_for_a_bad_record(
        int status, string body, string message)
    {
        _handler.Answer(status, body);
        using var client = Client(o => o with { AttemptCount = 1 });

        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(
            async () => await client.GetSchemaAsync(1, Cancellation));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_passed_on_with_its_code()
    {
        _handler.Answer(409, "{\"error_code\":40901,\"message\":\"incompatible\"}");
        using var client = Client();

        var error = await Assert.ThrowsAsync<RegistryRefusedException>(
            async () => await client.RegisterAsync("s", Schema, Cancellation));

        Assert.Equal((40901, "incompatible"), (error.ErrorCode, error.Message));
    }

    [Theory]
    [InlineData("http://registry:8081", "me", "secret", "Basic bWU6c2VjcmV0")]
    [InlineData("http://me:s%40cret@registry:8081", null, null, "Basic bWU6c0BjcmV0")]
    [InlineData("http://registry:8081", null, null, null)]
    public async Task Credentials_are_sent_and_never_shown(string url, string? user, string? password, string? expected)
    {
        _handler.Answer(200, "[]").Break();
        using var client = Client(
            o => o with { Urls = [new Uri(url)], UserName = user, Password = password, AttemptCount = 1 });

        await client.GetSubjectsAsync(Cancellation);
        var error = await Assert.ThrowsAsync<RegistryUnavailableException>(
            async () => await client.GetSubjectsAsync(Cancellation));

        Assert.Equal(expected, _handler.Requests[0].Authorization);
        Assert.Contains("http://registry:8081", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_of_a_schema_not_seen_before_needs_the_registry()
    {
        _handler.Break();
        using var client = Client(o => o with { AttemptCount = 1 });
        var serde = new AvroSerde<Alloc.Schemas.Samples.Words>(client, "words-value");

        Assert.Throws<RegistryUnavailableException>(() => serde.Deserialize([0, 0, 0, 0, 5, 0]));
    }

    private HttpSchemaRegistryClient Client(Func<SchemaRegistryOptions, SchemaRegistryOptions>? change = null)
    {
        var options = new SchemaRegistryOptions
        {
            Urls = [new Uri("http://localhost:8081")],
            AttemptCount = 3,
            RetryDelay = TimeSpan.Zero,
        };
        return new HttpSchemaRegistryClient(change?.Invoke(options) ?? options, TimeProvider.System, _handler);
    }
}
