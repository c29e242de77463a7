using Alloc.Broker.Registry;

namespace Schemas.Tests.Registry;

/// <summary>The registry's modes: what each lets through, and what it answers to the rest.</summary>
public sealed class RegistryModeTests : IAsyncLifetime
{
    private const string One = "\"int\"";
    private const string Two = "\"long\"";
    private const string Breaking = "\"string\"";

    /// <summary>What each mode answers to: registering again what is there, a new version, one with an id, one with an
    /// id and a version far off, deleting a version, setting a level.</summary>
    private static readonly (string Mode, string[] Answers)[] Table =
    [
        ("READWRITE", ["200", "200", "422 42205", "422 42205", "200", "200"]),
        ("READONLY", ["200", "422 42205", "422 42205", "422 42205", "422 42205", "422 42205"]),
        ("READONLY_OVERRIDE", ["200", "422 42205", "422 42205", "422 42205", "422 42205", "422 42205"]),
        ("IMPORT", ["200", "422 42205", "200", "200", "200", "200"]),
    ];

    private readonly string directory = Directory.CreateTempSubdirectory("alloc-registry-").FullName;
    private RegistryUnderTest registry = null!;

    public static TheoryData<string, bool, int> EveryModeAndChange()
    {
        var rows = new TheoryData<string, bool, int>();
        foreach (var (mode, answers) in Table)
        {
            for (var change = 0; change < answers.Length; change++)
            {
                rows.Add(mode, true, change);
                rows.Add(mode, false, change);
            }
        }
        return rows;
    }

    public async ValueTask InitializeAsync() => registry = await RegistryUnderTest.StartAsync(directory);

    public async ValueTask DisposeAsync()
    {
        await registry.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [MemberData(nameof(EveryModeAndChange))]
    public async Task A_mode_lets_through_what_it_says_and_refuses_the_rest_with_42205(
        string mode, bool isOfSubject, int change)
    {
        await registry.RegisterAsync("s", One);
        var path = (isOfSubject ? "/mode/s" : "/mode") + "?force=true";
        Assert.Equal($"200 {{\"mode\":\"{mode}\"}}", await SendAsync("PUT", path, $"{{\"mode\":\"{mode}\"}}"));

        var answer = change switch
        {
            0 => await registry.RegisterAsync("s", One),
            1 => await registry.RegisterAsync("s", Two),
            2 => await registry.RegisterAsync("s", Two, ",\"id\":77"),
            3 => await registry.RegisterAsync("s", Breaking, ",\"id\":99,\"version\":9"),
            4 => await SendAsync("DELETE", "/subjects/s/versions/1"),
            _ => await SendAsync("PUT", "/config/s", "{\"compatibility\":\"FULL\"}"),
        };

        var expected = Table.Single(row => row.Mode == mode).Answers[change];
        Assert.StartsWith(expected, answer, StringComparison.Ordinal);
        // What is registered is read in every mode.
        Assert.StartsWith("200 ", await SendAsync("GET", "/schemas/ids/1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subjects_own_mode_counts_unless_the_registry_overrides_it()
    {
        await SendAsync("PUT", "/mode", "{\"mode\":\"readonly\"}");
        await SendAsync("PUT", "/mode/open", "{\"mode\":\"READWRITE\"}");

        Assert.Equal("200 {\"id\":1}", await registry.RegisterAsync("open", One));
        Assert.Equal("422 42205", await registry.RegisterAsync("shut", One));
        Assert.Equal("404 40409", await SendAsync("GET", "/mode/shut"));
        Assert.Equal("200 {\"mode\":\"READONLY\"}", await SendAsync("GET", "/mode/shut?defaultToGlobal=true"));
        Assert.Equal("200 {\"mode\":\"READWRITE\"}", await SendAsync("GET", "/mode/open"));

        await SendAsync("PUT", "/mode", "{\"mode\":\"READONLY_OVERRIDE\"}");
        Assert.Equal("422 42205", await registry.RegisterAsync("open", Two));

        Assert.Equal("200 {\"mode\":\"READONLY_OVERRIDE\"}", await SendAsync("DELETE", "/mode"));
        Assert.Equal("200 {\"mode\":\"READWRITE\"}", await SendAsync("DELETE", "/mode/open"));
        Assert.Equal("404 40401", await SendAsync("DELETE", "/mode/open"));
        Assert.Equal("200 {\"mode\":\"READWRITE\"}", await SendAsync("GET", "/mode"));
        Assert.StartsWith("200 ", await registry.RegisterAsync("shut", One), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/mode", "{\"mode\":\"SOMETIMES\"}", "422 42204")]
    [InlineData("/mode", "{\"mode\":\"FORWARD\"}", "422 42204")]
    [InlineData("/mode/s", "{\"mode\":\"FORWARD\"}", "422 42204")]
    [InlineData("/mode", "{}", "422 42204")]
    [InlineData("/mode", "{\"mode\":null}", "422 42204")]
    [InlineData("/mode", "READONLY", "400 400")]
    [InlineData("/mode", "{\"mode\":\"IMPORT\"}", "422 42205")]
    [InlineData("/mode/s", "{\"mode\":\"IMPORT\"}", "422 42205")]
    [InlineData("/mode/new", "{\"mode\":\"IMPORT\"}", "200 {\"mode\":\"IMPORT\"}")]
    public async Task Modes_that_cannot_be_are_refused_and_change_nothing(string path, string body, string expected)
    {
        await registry.RegisterAsync("s", One);

        Assert.Equal(expected, await SendAsync("PUT", path, body));

        Assert.Equal("200 {\"mode\":\"READWRITE\"}", await SendAsync("GET", "/mode"));
        Assert.Equal("404 40409", await SendAsync("GET", "/mode/s"));
    }

    [Fact]
    public async Task An_import_keeps_the_ids_and_versions_of_another_registry_and_overwrites_nothing()
    {
        await SendAsync("PUT", "/mode", "{\"mode\":\"IMPORT\"}");

        Assert.Equal("200 {\"id\":100042}", await registry.RegisterAsync("s", One, ",\"id\":100042,\"version\":7"));
        Assert.Equal("200 {\"id\":5}", await registry.RegisterAsync("s", Breaking, ",\"id\":5,\"version\":3"));
        Assert.Equal("200 {\"id\":6}", await registry.RegisterAsync("s", Two, ",\"id\":6"));
        Assert.Equal("422 42205", await registry.RegisterAsync("s", Two, ",\"id\":5,\"version\":9"));
        Assert.Equal("422 42205", await registry.RegisterAsync("s", Two, ",\"id\":9,\"version\":7"));
        Assert.Equal("200 {\"id\":6}", await registry.RegisterAsync("s", Two, ",\"id\":6,\"version\":8"));
        Assert.Equal("200 [3,7,8]", await SendAsync("GET", "/subjects/s/versions"));

        await SendAsync("PUT", "/mode", "{\"mode\":\"READWRITE\"}");
        await registry.DisposeAsync();
        registry = await RegistryUnderTest.StartAsync(directory);
        Assert.Equal("200 {\"id\":100043}", await registry.RegisterAsync("t", "\"double\""));
        Assert.Equal("422 42201", await registry.RegisterAsync("t", "\"float\"", ",\"version\":7"));
        Assert.Equal("200 [3,7,8]", await SendAsync("GET", "/subjects/s/versions"));
    }

    [Fact]
    public void Every_mode_that_is_kept_is_in_the_table() => Assert.Equal(
        [RegistryModes.ReadWrite, RegistryModes.ReadOnly, RegistryModes.ReadOnlyOverride, RegistryModes.Import],
        Table.Select(row => row.Mode));

    private Task<string> SendAsync(string method, string path, string? body = null) =>
        registry.SendAsync(method, path, body);
}
