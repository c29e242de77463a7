using System.Text.RegularExpressions;
using Alloc.Tests.Support;
using EndToEnd.Tests.Processes;
using YamlDotNet.Serialization;

namespace EndToEnd.Tests.Compose;

/// <summary>What can be said of the compose file without a container engine.</summary>
public sealed partial class ComposeFileTests
{
    private static readonly ComposeFile File1 = ComposeFile.Read();

    [Fact]
    public async Task The_file_fits_the_compose_specification()
    {
        Assert.SkipUnless(Installed.HasNodeModule("dclint"), $"dclint is not in {Installed.NodeModules}: make deps");
        // The order of keys and quotation marks are taste; the schema, images and ports are not.
        string[] taste =
        [
            "services-alphabetical-order", "service-keys-order", "service-dependencies-alphabetical-order",
            "service-ports-alphabetical-order", "top-level-properties-order", "require-quotes-in-ports",
            "no-quotes-in-volumes", "service-image-require-explicit-tag",
        ];
        using var directory = new TemporaryDirectory();
        var rules = taste.Select(r => $"\"{r}\": 0");
        await System.IO.File.WriteAllTextAsync(
            directory[".dclintrc"], $"{{\"rules\": {{ {string.Join(", ", rules)} }} }}",
            TestContext.Current.CancellationToken);

        await using var lint = AllocProcess.StartWith("/usr/bin/env",
            ["node", Path.Combine(Installed.NodeModules, "dclint", "bin", "dclint.cjs"), "--config",
                directory[".dclintrc"], ComposeFile.Location]);
        var result = await lint.WaitForExitAsync(TimeSpan.FromMinutes(2));

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Nothing_is_published_beyond_this_machine() => Assert.All(
        File1.Services.SelectMany(s => s.List("ports")),
        port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));

    [Fact]
    public void Every_image_of_others_has_a_version() => Assert.All(
        File1.Services.Select(s => s.Image).Where(i => i is not "alloc:local"),
        image => Assert.Matches(@"^docker\.io/[a-z]+/[a-z-]+:v?\d+\.\d+(\.\d+)?$", image!));

    [Fact]
    public void Every_file_that_is_mounted_is_there() => Assert.All(
        File1.Services.SelectMany(s => s.List("volumes")).Where(v => v.StartsWith("./", StringComparison.Ordinal)),
        volume => Assert.True(
            Path.Exists(Path.Combine(ComposeFile.Folder, volume.Split(':')[0])), $"{volume} mounts what is not there"));

    [Fact]
    public void Grafana_is_told_where_prometheus_and_the_dashboards_are()
    {
        var provisioning = Path.Combine(ComposeFile.Folder, "grafana", "provisioning");
        var source = Provisioned(Path.Combine(provisioning, "datasources", "prometheus.yml"), "datasources");
        var pages = Provisioned(Path.Combine(provisioning, "dashboards", "alloc.yml"), "providers");
        var folder = (string)((Dictionary<object, object>)pages["options"])["path"];
        var address = new Uri((string)source["url"]);

        Assert.Contains(File1[address.Host].List("ports"),
            p => p.EndsWith($":{address.Port}", StringComparison.Ordinal));
        var mounts = File1["grafana"].List("volumes");
        Assert.Contains($"./grafana/dashboards:{folder}:ro", mounts);
        Assert.Contains("./grafana/provisioning:/etc/grafana/provisioning:ro", mounts);
    }

    [Fact]
    public void Links_of_alerts_lead_to_what_the_file_publishes()
    {
        var folder = Path.Combine(ComposeFile.Folder, "prometheus");
        var rules = string.Concat(((List<object>)Read(Path.Combine(folder, "prometheus.yml"))["rule_files"])
            .Select(f => System.IO.File.ReadAllText(Path.Combine(folder, (string)f))));
        var links = Link().Matches(rules).Select(m => new Uri(m.Value)).ToList();

        Assert.Equal(["alloc-1", "grafana"], links.Select(l => Publisher(l.Port).Name).Distinct().Order());
        Assert.All(links, l => Assert.Equal(
            ("localhost", Publisher(l.Port).Environment.ContainsKey("ALLOC_CONSOLE_CERTIFICATE") ? "https" : "http"),
            (l.Host, l.Scheme)));

        static ComposeService Publisher(int port) => File1.Services.Single(s => s.List("ports").Any(
            p => p.StartsWith($"127.0.0.1:{port}:", StringComparison.Ordinal)));
    }

    [Fact]
    public void Everything_that_is_waited_for_says_when_it_is_there()
    {
        foreach (var service in File1.Services)
        {
            foreach (var (name, condition) in service.Settings.GetValueOrDefault("depends_on")
                as Dictionary<object, object> ?? [])
            {
                var awaited = File1[(string)name];
                var how = (string)((Dictionary<object, object>)condition)["condition"];
                Assert.True(
                    how == "service_completed_successfully" ? awaited.Name == "certificates"
                        : awaited.Settings.ContainsKey("healthcheck"),
                    $"{service.Name} waits for {name}: {how}");
            }
        }
    }

    [Fact]
    public void The_container_runs_what_is_published_as_a_user_without_rights_and_says_how_it_is()
    {
        var lines = System.IO.File.ReadAllText(Path.Combine(ComposeFile.Folder, "Containerfile"))
            .Replace("\\\n", "", StringComparison.Ordinal).Split('\n');
        var last = lines.SkipWhile(l => !l.StartsWith("FROM mcr.microsoft.com/dotnet/aspnet", StringComparison.Ordinal))
            .ToList();
        var publish = System.IO.File.ReadAllText(Path.Combine(ComposeFile.Root, "build", "publish.sh"));

        Assert.Contains(last, l => l == "USER $APP_UID");
        Assert.True(last.FindIndex(l => l.StartsWith("USER", StringComparison.Ordinal))
            < last.FindIndex(l => l.StartsWith("ENTRYPOINT", StringComparison.Ordinal)));
        Assert.Contains(last, l => l.StartsWith("HEALTHCHECK", StringComparison.Ordinal)
            && l.Contains("""CMD ["alloc", "health"]""", StringComparison.Ordinal));
        foreach (var argument in new[]
        {
            "dotnet publish cli/Alloc.Cli.csproj", "--use-current-runtime", "--no-self-contained",
            "-p:PublishReadyToRun=true",
        })
        {
            Assert.Contains(argument, publish, StringComparison.Ordinal);
            Assert.Contains(lines, l => l.Contains(argument, StringComparison.Ordinal));
        }
    }

    /// <summary>The one entry of a file that Grafana reads at its start.</summary>
    private static Dictionary<object, object> Provisioned(string file, string what) =>
        (Dictionary<object, object>)Assert.Single((List<object>)Read(file)[what]);

    private static Dictionary<object, object> Read(string file) => new DeserializerBuilder().Build()
        .Deserialize<Dictionary<object, object>>(System.IO.File.ReadAllText(file));

    [GeneratedRegex("""(?<=_url: ')https?://[^/]+/""")]
    private static partial Regex Link();
}
