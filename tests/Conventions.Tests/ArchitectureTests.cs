using System.Xml.Linq;

namespace Conventions.Tests;

/// <summary>The arrows of docs/architecture.md, read from the project files.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Alloc.Schemas.Generator"] = [],
        ["Alloc.Schemas"] = ["Alloc.Schemas.Generator"],
        ["Alloc.Engine"] = [],
        ["Alloc.Engine.Testing"] = ["Alloc.Engine"],
        ["Alloc.Broker"] = [],
        ["Alloc.Processors"] = ["Alloc.Schemas", "Alloc.Schemas.Generator", "Alloc.Engine"],
        ["Alloc.Console"] = ["Alloc.Processors"],
        ["Alloc.Client"] = ["Alloc.Schemas", "Alloc.Schemas.Generator"],
        ["Alloc.Client.Streamiz"] = ["Alloc.Client"],
        ["Alloc.Verify"] = ["Alloc.Client", "Alloc.Schemas", "Alloc.Schemas.Generator"],
        ["Alloc.Replay"] = ["Alloc.Client", "Alloc.Schemas", "Alloc.Schemas.Generator"],
        ["Alloc.Host"] = ["Alloc.Client", "Alloc.Console", "Alloc.Engine", "Alloc.Processors", "Alloc.Schemas",
            "Alloc.Schemas.Generator"],
        ["Alloc.Bench"] = ["Alloc.Client", "Alloc.Engine", "Alloc.Host", "Alloc.Processors", "Alloc.Replay",
            "Alloc.Schemas", "Alloc.Schemas.Generator"],
        ["Alloc.Samples.AdmissionControl"] = ["Alloc.Client"],
        ["Alloc.Samples.Client"] = ["Alloc.Client"],
        ["Alloc.Samples.ConfluentKafka"] = [],
        ["Alloc.Samples.LegacyAdapter"] = ["Alloc.Client"],
        ["Alloc.Samples.Outbox"] = ["Alloc.Client"],
        ["Alloc.Samples.Streamiz"] = ["Alloc.Client.Streamiz"],
        ["Alloc.Samples.Subscriber"] = ["Alloc.Client"],
        ["Alloc.Cli"] = ["Alloc.Bench", "Alloc.Broker", "Alloc.Client", "Alloc.Console", "Alloc.Engine", "Alloc.Host",
            "Alloc.Processors", "Alloc.Replay", "Alloc.Schemas", "Alloc.Schemas.Generator", "Alloc.Verify"],
    };

    [Fact]
    public void Arrows_between_projects_point_one_way()
    {
        var violations = new List<string>();

        foreach (var file in Repository.Files("*.csproj")
            .Where(f => !f.EndsWith(".Tests.csproj", StringComparison.Ordinal)))
        {
            var project = Path.GetFileNameWithoutExtension(file);
            var references = XDocument.Load(file).Descendants("ProjectReference")
                .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
            if (!Allowed.TryGetValue(project, out var allowed))
            {
                violations.Add($"{project} is not in the table of arrows; add it with what it may reference");
                continue;
            }
            violations.AddRange(references.Where(r => !allowed.Contains(r))
                .Select(r => $"{project} must not reference {r}"));
        }

        Assert.Empty(violations);
    }

    [Theory]
    [InlineData("Alloc.Client")]
    [InlineData("Alloc.Verify")]
    public void Services_and_the_checker_need_nothing_but_Confluents_packages(string project)
    {
        var others = XDocument.Load(FileOf(project)).Descendants("PackageReference")
            .Select(r => r.Attribute("Include")!.Value)
            .Where(package => !package.StartsWith("Confluent.", StringComparison.Ordinal));

        Assert.Empty(others);
    }

    [Fact]
    public void Streamiz_comes_only_to_who_asks_for_it()
    {
        var projects = Repository.Files("*.csproj")
            .Where(f => XDocument.Load(f).Descendants("PackageReference")
                .Any(r => r.Attribute("Include")!.Value.StartsWith("Streamiz.", StringComparison.Ordinal)))
            .Select(Path.GetFileNameWithoutExtension);

        Assert.Equal(["Alloc.Client.Streamiz"], projects);
    }

    [Fact]
    public void The_solution_has_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Streams.sln"));

        var missing = Repository.Files("*.csproj").Select(Repository.Relative)
            .Where(f => !solution.Contains($"\"{f.Replace('/', '\\')}\"", StringComparison.Ordinal));

        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("Alloc.Engine")]
    [InlineData("Alloc.Broker")]
    [InlineData("Alloc.Schemas")]
    [InlineData("Alloc.Processors")]
    public void Clock_and_randomness_are_banned_where_decisions_are_made(string project)
    {
        Assert.Contains(
            "<BanClockAndRandomness>true</BanClockAndRandomness>", File.ReadAllText(FileOf(project)),
            StringComparison.Ordinal);
    }

    private static string FileOf(string project) =>
        Repository.Files("*.csproj").Single(f => Path.GetFileNameWithoutExtension(f) == project);
}
