using System.Diagnostics;
using Alloc.Schemas.Allocation;
using Alloc.Tests.Support;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>A scrape of a running <c>alloc dev</c>: what Prometheus takes, and what the manual lists.</summary>
public sealed class MetricsTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scrape_is_in_prometheus_text_format_and_follows_its_naming_conventions()
    {
        await SomethingOfEverythingAsync("format");

        var metrics = Exposition.Parse(await ScrapeAsync());

        Assert.All(metrics, m => Assert.StartsWith("alloc_", m.Name, StringComparison.Ordinal));
        Assert.All(metrics, m => Assert.EndsWith(".", m.Help, StringComparison.Ordinal));
        var build = Assert.Single(metrics.Single(m => m.Name == "alloc_build_info").Samples);
        Assert.Equal(1, build.Value);
    }

    [Fact]
    public async Task Promtool_finds_nothing_to_say_about_a_scrape()
    {
        Assert.SkipUnless(Promtool is not null, "promtool is not installed: make deps unpacks Debian's");
        await SomethingOfEverythingAsync("promtool");
        var start = new ProcessStartInfo(Promtool!, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        using var promtool = Process.Start(start)!;
        await promtool.StandardInput.WriteAsync(await ScrapeAsync());
        promtool.StandardInput.Close();
        var said = await promtool.StandardOutput.ReadToEndAsync(Cancellation)
            + await promtool.StandardError.ReadToEndAsync(Cancellation);
        await promtool.WaitForExitAsync(Cancellation).WaitAsync(Deadline, Cancellation);

        Assert.Equal("", said);
        Assert.Equal(0, promtool.ExitCode);
    }

    [Fact]
    public async Task The_manual_lists_every_metric_with_its_type_labels_and_meaning()
    {
        await SomethingOfEverythingAsync("manual");
        var documented = Manual();

        var scraped = Exposition.Parse(await ScrapeAsync());

        Assert.Equal(documented.Select(m => m.Name).Order(), scraped.Select(m => m.Name).Order());
        foreach (var metric in scraped)
        {
            var row = documented.Single(m => m.Name == metric.Name);
            var labels = metric.Samples.Count == 0 ? row.Labels : string.Join(", ", metric.LabelNames.Order());
            Assert.Equal(
                (metric.Name, metric.Type, labels, metric.Help), (row.Name, row.Type, row.Labels, row.Meaning));
        }
    }

    [Theory]
    [InlineData("alloc_command_duration_seconds",
        "0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 120 +Inf")]
    [InlineData("alloc_expiry_lateness_seconds", "0.01 0.05 0.1 0.5 1 5 30 120 600 +Inf")]
    [InlineData("alloc_transaction_duration_seconds",
        "0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf")]
    [InlineData("alloc_transaction_size_records", "1 3 10 30 100 300 1000 3000 10000 30000 100000 +Inf")]
    public async Task Buckets_are_those_that_dashboards_were_made_for(string name, string bounds)
    {
        await SomethingOfEverythingAsync($"buckets-{name}");

        var metric = Exposition.Parse(await ScrapeAsync()).Single(m => m.Name == name);

        Assert.Equal(bounds, string.Join(' ', metric.Samples.SelectMany(s => s.Labels)
            .Where(l => l.Key == "le").Select(l => l.Value).Distinct()));
    }

    private static string? Promtool { get; } = Installed.Monitor("promtool");

    /// <summary>Rows of the manual's table: <c>| `name` | type | labels | meaning |</c>.</summary>
    private static List<(string Name, string Type, string Labels, string Meaning)> Manual() =>
        [.. File.ReadLines(Path.Combine(Root(), "docs", "operations.md"))
            .Where(line => line.StartsWith("| `alloc_", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split(" | "))
            .Select(cells => (
                cells[0].Trim('`'),
                cells[1],
                string.Join(
                    ", ", cells[2].Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim('`')).Order()),
                cells[3]))];

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Streams.sln")))
        {
            directory = directory.Parent;
        }
        return directory.FullName;
    }

    /// <summary>
    /// Lets as many metrics as a healthy process has say something: commands, repeats, rejections, a dead letter.
    /// </summary>
    private async Task SomethingOfEverythingAsync(string pool)
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(pool, 5);
        var hold = CommandClient.Command($"{pool}-hold", pool, CommandClient.Hold("r", 2));
        await client.AskAsync(hold);
        await client.AskAsync(hold);
        await client.AskAsync(CommandClient.Command($"{pool}-release", pool, new AllocationCommandBody.Release
        {
            ReservationId = "r",
            Quantity = 3,
            Reason = "Cancelled",
        }));
        await client.AskAsync(CommandClient.Command(
            $"{pool}-supply-again", pool, new AllocationCommandBody.SupplySnapshot
            {
                Source = "test",
                Version = 1,
                Quantity = 5,
                Through = 0,
            }));
        await client.AskAsync(CommandClient.Command(
            $"{pool}-brief", pool,
            new AllocationCommandBody.Hold { ReservationId = "brief", Quantity = 1, TtlMs = 100 }));
        await client.DeadLetterAsync(await client.WriteAsync("x"u8.ToArray(), "rubbish"u8.ToArray(), 0));
        var started = Stopwatch.StartNew();
        string[] awaited = ["alloc_supply_ignored", "alloc_dead_letters", "alloc_ticks", "alloc_release_failures"];
        string scrape, missing;
        while ((missing = Missing(scrape = await ScrapeAsync())).Length > 0)
        {
            Assert.True(
                started.Elapsed < Deadline, $"There is no {missing} after {Deadline.TotalSeconds:0} s:\n{scrape}");
            await Task.Delay(100, Cancellation);
        }

        string Missing(string text) =>
            string.Join(", ", awaited.Where(a => !text.Contains($"\n{a}_total{{", StringComparison.Ordinal)));
    }

    private async Task<string> ScrapeAsync()
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync($"{dev.Deployment.Console}/metrics", Cancellation);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }
}
