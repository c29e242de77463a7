namespace EndToEnd.Tests.CommandLine;

/// <summary>The registry client's own properties, from a file.</summary>
public sealed class RegistryConfigTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Theory]
    [InlineData("schema.registry.nonsense=1", "schema.registry.nonsense")]
    [InlineData("schema.registry.url=http://elsewhere:8081", "--registry names the address")]
    [InlineData("ssl.ca.location=/etc/ca.pem", "is no property of a registry client")]
    [InlineData("schema.registry.request.timeout.ms=soon", "schema.registry.request.timeout.ms must be an integer")]
    [InlineData("schema.registry.bearer.auth.credentials.source=OAUTHBEARER", "must be specified")]
    [InlineData("schema.registry.ssl.ca.location=/etc/ca.pem", "SSL_CERT_FILE")]
    public async Task A_property_that_cannot_be_used_is_refused_with_its_place(string line, string said)
    {
        await File.WriteAllLinesAsync(file, ["# ours", "", line], TestContext.Current.CancellationToken);

        var run = await RunAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_is_no_property_is_named_by_its_number_and_not_shown()
    {
        await File.WriteAllLinesAsync(file, ["", "hush hush"], TestContext.Current.CancellationToken);

        var run = await RunAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"{file}:2", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Properties_reach_the_client_that_asks()
    {
        await File.WriteAllLinesAsync(
            file, ["schema.registry.max.retries=1", "schema.registry.basic.auth.user.info=me:secret"],
            TestContext.Current.CancellationToken);

        var run = await RunAsync();

        Assert.Equal(6, run.ExitCode);
        Assert.Contains(
            "The schema registry at http://127.0.0.1:1 cannot be reached", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", run.Error, StringComparison.Ordinal);
    }

    private Task<CommandLineRun> RunAsync() => CommandLineRun.OfAsync(
        ["schema", "list", "--registry", "http://127.0.0.1:1", "--registry-config", file]);
}
