namespace Schemas.Tests.Registry;

/// <summary>What is deleted, softly or for good, and what comes after it: as Confluent's registry does it.</summary>
public sealed class RegistryDeletionTests : IAsyncLifetime
{
    private const string One = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}";
    private const string Two = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
        + "{\"name\":\"b\",\"type\":\"int\",\"default\":0}]}";
    private const string Three = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
        + "{\"name\":\"c\",\"type\":\"int\",\"default\":0}]}";

    private readonly string directory = Directory.CreateTempSubdirectory("alloc-registry-").FullName;
    private RegistryUnderTest registry = null!;

    public async ValueTask InitializeAsync() => registry = await RegistryUnderTest.StartAsync(directory);

    public async ValueTask DisposeAsync()
    {
        await registry.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_subject_deleted_for_good_starts_at_version_1_again_and_its_ids_are_never_given_to_others()
    {
        await RegisterThreeAsync();
        await SendAsync("DELETE", "/subjects/s");
        await SendAsync("DELETE", "/subjects/s?permanent=true");

        Assert.Equal("200 {\"id\":4}", await registry.RegisterAsync("s", "\"string\""));
        Assert.Equal("200 {\"id\":2}", await registry.RegisterAsync("t", Two));
        Assert.Equal("200 [1]", await SendAsync("GET", "/subjects/s/versions"));
        Assert.StartsWith("200 ", await SendAsync("GET", "/schemas/ids/1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "[1,2,3,4]", "[1,2,3,4]")]
    [InlineData("3", "[1,2,4]", "[1,2,3,4]")]
    [InlineData("3!", "[1,2,3]", "[1,2,3]")]
    [InlineData("2!", "[1,3,4]", "[1,3,4]")]
    [InlineData("2! 3!", "[1,2]", "[1,2]")]
    [InlineData("1! 2! 3!", "[1]", "[1]")]
    public async Task The_next_version_follows_those_that_are_there_deleted_softly_or_not(
        string deletions, string live, string all)
    {
        await RegisterThreeAsync();
        foreach (var deletion in deletions.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var version = deletion[..1];
            Assert.Equal($"200 {version}", await SendAsync("DELETE", $"/subjects/s/versions/{version}"));
            if (deletion.EndsWith('!'))
            {
                Assert.Equal(
                    $"200 {version}", await SendAsync("DELETE", $"/subjects/s/versions/{version}?permanent=true"));
            }
        }

        await SendAsync("PUT", "/config/s", "{\"compatibility\":\"NONE\"}");
        await registry.RegisterAsync("s", "\"string\"");

        Assert.Equal("200 " + live, await SendAsync("GET", "/subjects/s/versions"));
        Assert.Equal("200 " + all, await SendAsync("GET", "/subjects/s/versions?deleted=true"));
    }

    [Fact]
    public async Task A_schema_deleted_softly_comes_back_under_a_new_version_and_its_old_id()
    {
        await RegisterThreeAsync();
        await SendAsync("DELETE", "/subjects/s/versions/1");

        Assert.Equal("200 {\"id\":1}", await registry.RegisterAsync("s", One));
        Assert.Equal("200 [2,3,4]", await SendAsync("GET", "/subjects/s/versions"));
        Assert.Equal("200 [2,3,4]", await SendAsync("GET", "/subjects/s/versions?deleted=true"));
    }

    [Fact]
    public async Task Latest_is_the_last_that_was_not_deleted()
    {
        await RegisterThreeAsync();

        Assert.Equal("200 3", await SendAsync("DELETE", "/subjects/s/versions/latest"));
        Assert.Equal("200 2", await SendAsync("DELETE", "/subjects/s/versions/latest"));
        Assert.Equal("404 40406", await SendAsync("DELETE", "/subjects/s/versions/2"));
        Assert.Equal("404 40407", await SendAsync("DELETE", "/subjects/s/versions/1?permanent=true"));
        Assert.Equal("200 [1]", await SendAsync("DELETE", "/subjects/s"));
        Assert.Equal("404 40404", await SendAsync("DELETE", "/subjects/s"));
        Assert.Equal("404 40401", await SendAsync("DELETE", "/subjects/s/versions/latest"));
    }

    [Theory]
    [InlineData("/subjects/s?permanent=true")]
    [InlineData("/subjects/s/versions/1?permanent=true")]
    public async Task With_the_last_version_for_good_go_level_and_mode(string deletion)
    {
        await registry.RegisterAsync("s", One);
        await SendAsync("PUT", "/config/s", "{\"compatibility\":\"FULL\"}");
        await SendAsync("PUT", "/mode/s", "{\"mode\":\"READWRITE\"}");
        await SendAsync("DELETE", "/subjects/s");

        Assert.StartsWith("200 ", await SendAsync("DELETE", deletion), StringComparison.Ordinal);

        Assert.Equal("404 40408", await SendAsync("GET", "/config/s"));
        Assert.Equal("404 40409", await SendAsync("GET", "/mode/s"));
        Assert.Equal("404 40401", await SendAsync("DELETE", "/subjects/s?permanent=true"));
    }

    [Fact]
    public async Task Levels_are_taken_away_one_by_one()
    {
        await SendAsync("PUT", "/config", "{\"compatibility\":\"FULL\"}");
        await SendAsync("PUT", "/config/s", "{\"compatibility\":\"NONE\"}");

        Assert.Equal("200 {\"compatibilityLevel\":\"NONE\"}", await SendAsync("DELETE", "/config/s"));
        Assert.Equal("404 40401", await SendAsync("DELETE", "/config/s"));
        Assert.Equal(
            "200 {\"compatibilityLevel\":\"FULL\"}", await SendAsync("GET", "/config/s?defaultToGlobal=true"));
        Assert.Equal("200 {\"compatibilityLevel\":\"FULL\"}", await SendAsync("DELETE", "/config"));
        Assert.Equal("200 {\"compatibilityLevel\":\"BACKWARD\"}", await SendAsync("GET", "/config"));
    }

    [Fact]
    public async Task Schemas_that_an_earlier_release_stored_are_read()
    {
        await registry.DisposeAsync();
        await File.WriteAllTextAsync(
            Path.Combine(directory, "registry", "registry.json"),
            """
            {"formatVersion":1,"level":"FULL","schemas":["\"int\"","\"long\""],"subjects":{
              "s":{"level":null,"nextVersion":5,"versions":[{"version":4,"schemaId":2,"isDeleted":false}]},
              "gone":{"level":"NONE","nextVersion":9,"versions":[]}}}
            """,
            TestContext.Current.CancellationToken);

        registry = await RegistryUnderTest.StartAsync(directory);

        Assert.Equal("200 {\"schema\":\"\\u0022int\\u0022\"}", await SendAsync("GET", "/schemas/ids/1"));
        Assert.Equal("200 [4]", await SendAsync("GET", "/subjects/s/versions"));
        Assert.Equal("200 {\"compatibilityLevel\":\"FULL\"}", await SendAsync("GET", "/config"));
        Assert.Equal("200 {\"mode\":\"READWRITE\"}", await SendAsync("GET", "/mode"));
        Assert.Equal("200 {\"id\":1}", await registry.RegisterAsync("gone", "\"int\""));
        Assert.Equal("200 {\"id\":3}", await registry.RegisterAsync("new", "\"string\""));
    }

    private Task<string> SendAsync(string method, string path, string? body = null) =>
        registry.SendAsync(method, path, body);

    private async Task RegisterThreeAsync()
    {
        foreach (var schema in new[] { One, Two, Three })
        {
            Assert.StartsWith("200 ", await registry.RegisterAsync("s", schema), StringComparison.Ordinal);
        }
    }
}
