using System.Text.Json.Nodes;

namespace Cli.Tests.Monitoring;

/// <summary>The committed pages of Grafana.</summary>
public sealed class DashboardTests
{
    private const int Columns = 24;

    [Fact]
    public void Panels_have_a_title_a_description_a_question_and_the_chosen_data_source()
    {
        foreach (var (name, page) in Pages())
        {
            foreach (var panel in Panels(page))
            {
                var which = $"{name}: {panel["title"]}";
                Assert.True(panel["description"]?.ToString().EndsWith('.'), $"{which} has no description");
                Assert.NotEmpty(panel["targets"]!.AsArray());
                Assert.Equal("${datasource}", panel["datasource"]!["uid"]!.ToString());
                Assert.All(
                    panel["targets"]!.AsArray(),
                    t => Assert.Equal("${datasource}", t!["datasource"]!["uid"]!.ToString()));
            }
        }
    }

    [Fact]
    public void Panels_of_a_page_have_numbers_and_places_of_their_own()
    {
        foreach (var (name, page) in Pages())
        {
            var taken = new HashSet<(int, int)>();
            var all = page["panels"]!.AsArray();
            Assert.Equal(all.Count, all.Select(p => (int)p!["id"]!).Distinct().Count());
            foreach (var grid in all.Select(p => p!["gridPos"]!))
            {
                var (x, y, w, h) = ((int)grid["x"]!, (int)grid["y"]!, (int)grid["w"]!, (int)grid["h"]!);
                Assert.InRange(x + w, 1, Columns);
                foreach (var cell in Enumerable.Range(x, w).SelectMany(c => Enumerable.Range(y, h).Select(r => (c, r))))
                {
                    Assert.True(taken.Add(cell), $"{name}: two panels at {cell}");
                }
            }
        }
    }

    [Fact]
    public void A_page_is_called_like_its_file_and_a_variable_that_it_asks_with_exists()
    {
        foreach (var (name, page) in Pages())
        {
            var variables = page["templating"]!["list"]!.AsArray().Select(v => $"${v!["name"]}").ToList();
            Assert.Equal(name, page["uid"]!.ToString());
            foreach (var expression in Expressions(page))
            {
                foreach (var chosen in new[] { "$stage", "$group", "$class" }
                    .Where(c => expression.Contains(c, StringComparison.Ordinal)))
                {
                    Assert.Contains(chosen, variables);
                }
            }
        }
    }

    /// <summary>Every question of every page.</summary>
    internal static IEnumerable<string> Expressions() =>
        Pages().SelectMany(p => Expressions(p.Page).Concat(p.Page["templating"]!["list"]!.AsArray()
            .Select(v => v!["definition"]?.ToString()).OfType<string>()
            .Select(d => d["label_values(".Length..d.IndexOf(',', StringComparison.Ordinal)])));

    /// <summary>Every page and its name.</summary>
    internal static IEnumerable<(string Name, JsonNode Page)> Pages() =>
        Directory.EnumerateFiles(Committed.Dashboards, "*.json").Order(StringComparer.Ordinal)
            .Select(f => (Path.GetFileNameWithoutExtension(f), JsonNode.Parse(File.ReadAllText(f))!));

    private static IEnumerable<JsonNode> Panels(JsonNode page) =>
        page["panels"]!.AsArray().Where(p => p!["type"]!.ToString() != "row")!;

    private static IEnumerable<string> Expressions(JsonNode page) =>
        Panels(page).SelectMany(p => p["targets"]!.AsArray()).Select(t => t!["expr"]!.ToString());
}
