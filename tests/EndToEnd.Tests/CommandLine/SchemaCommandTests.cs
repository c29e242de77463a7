using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary><c>alloc schema check</c> and <c>register</c>, against a real registry.</summary>
public sealed class SchemaCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private const string First = """
        {"type": "record", "name": "Parcel", "namespace": "shop", "fields": [
          {"name": "id", "type": "string"},
          {"name": "place", "type": {"type": "record", "name": "Place", "fields": [
            {"name": "aisle", "type": "int"}]}}]}
        """;

    [Fact]
    public async Task A_new_subject_gets_its_first_version_once()
    {
        using var directory = new TemporaryDirectory();
        var file = await WriteAsync(directory, "parcel.avsc", First);

        var dry = await RunAsync("schema", "register", file, "--subject", "shop.new-value", "--dry-run", "-o", "json");
        var unasked = await RunAsync("schema", "register", file, "--subject", "shop.new-value");
        var none = await RunAsync("schema", "get", "shop.new-value");
        var first = await RunAsync("schema", "register", file, "--subject", "shop.new-value", "--yes", "-o", "json");
        var again = await RunAsync("schema", "register", file, "--subject", "shop.new-value", "--yes", "-o", "json");

        Assert.Equal((0, 2, 3), (dry.ExitCode, unasked.ExitCode, none.ExitCode));
        Assert.Empty(JsonNode.Parse(dry.Out)!["versions"]!.AsArray());
        Assert.Equal((0, 1), (first.ExitCode, (int)JsonNode.Parse(first.Out)!["version"]!));
        Assert.Equal((0, 1), (again.ExitCode, (int)JsonNode.Parse(again.Out)!["sameAs"]!));
        Assert.Null(JsonNode.Parse(again.Out)!["version"]);
    }

    [Fact]
    public async Task What_breaks_a_reader_is_refused_with_the_path_and_the_version()
    {
        using var directory = new TemporaryDirectory();
        var file = await WriteAsync(directory, "v1.avsc", First);
        var broken = await WriteAsync(
            directory, "v2.avsc",
            First.Replace("\"aisle\", \"type\": \"int\"", "\"aisle\", \"type\": \"string\"", StringComparison.Ordinal));
        await RunAsync("schema", "register", file, "--subject", "shop.broken-value", "--yes");

        var check = await RunAsync("schema", "check", broken, "--subject", "shop.broken-value");
        var register = await RunAsync("schema", "register", broken, "--subject", "shop.broken-value", "--yes");

        Assert.Equal((5, 5), (check.ExitCode, register.ExitCode));
        Assert.Contains("does not fit shop.broken-value", check.Out, StringComparison.Ordinal);
        Assert.Contains(
            "the new schema cannot read version 1: place.aisle int cannot be read as string", check.Out,
            StringComparison.Ordinal);
        var versions = await RunAsync("schema", "check", file, "--subject", "shop.broken-value", "-o", "json");
        Assert.Equal("[1]", JsonNode.Parse(versions.Out)!["versions"]!.ToJsonString());
    }

    [Fact]
    public async Task A_schema_of_several_files_is_what_alloc_registers_itself()
    {
        var schemas = Path.Combine(Repository(), "schemas");

        var alone = await RunAsync(
            "schema", "check", Path.Combine(schemas, "workflow", "StageEvent.avsc"), "--subject",
            "workflow.stages-value");
        var whole = await RunAsync(
            "schema", "check", Path.Combine(schemas, "workflow", "StageEvent.avsc"), "--with",
            Path.Combine(schemas, "operations", "CatalogueInForce.avsc"), "--subject", "workflow.stages-value", "-o",
            "json");

        Assert.Equal(2, alone.ExitCode);
        Assert.Contains("--with", alone.Error, StringComparison.Ordinal);
        var json = JsonNode.Parse(whole.Out)!;
        Assert.Equal((0, 1, "BACKWARD_TRANSITIVE"),
            (whole.ExitCode, (int)json["sameAs"]!, (string)json["level"]!));
    }

    [Theory]
    [InlineData("{", 2, "bad.avsc")]
    [InlineData("""{"type": "record", "name": "X", "fields": [{"name": "a", "type": "txet"}]}""", 2, "txet")]
    public async Task A_file_that_is_no_schema_is_said_with_its_place(string text, int exitCode, string problem)
    {
        using var directory = new TemporaryDirectory();
        var file = await WriteAsync(directory, "bad.avsc", text);

        var run = await RunAsync("schema", "check", file, "--subject", "shop.bad-value");

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
    }

    private static async Task<string> WriteAsync(TemporaryDirectory directory, string name, string text)
    {
        await File.WriteAllTextAsync(directory[name], text, TestContext.Current.CancellationToken);
        return directory[name];
    }

    private static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Streams.sln")))
        {
            directory = directory.Parent;
        }
        return directory.FullName;
    }

    private Task<CommandLineRun> RunAsync(params string[] arguments) => CommandLineRun.OfAsync(
        [.. arguments, "--registry", dev.Deployment.Registry]);
}
