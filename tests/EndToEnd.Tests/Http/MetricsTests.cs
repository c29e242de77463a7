using System.Diagnostics;
using Alloc.Schemas.Allocation;
using Alloc.Tests.Support;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>A scrape of a running <c>alloc dev</c>: what Prometheus takes.</summary>
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

    [Theory]
    [InlineData("alloc_command_duration_seconds",
        "0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 120 +Inf")]
    [InlineData("alloc_confirmation_duration_seconds", "0.1 0.5 1 5 15 30 60 120 300 600 1800 3600 14400 86400 +Inf")]
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

    [Fact]
    public async Task Holds_and_units_of_all_pools_are_counted_again_and_again()
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("census", 10);
        await client.AskAsync(CommandClient.Command(
            "census-block", "census", new AllocationCommandBody.Block { Quantity = 3, Reason = "damaged" }));
        await client.AskAsync(CommandClient.Command("census-hold", "census", CommandClient.Hold("r", 4)));
        var started = Stopwatch.StartNew();

        (double Blocked, double Held, double Holds) seen;
        do
        {
            Assert.True(started.Elapsed < Deadline, "The census does not see what was blocked and held.");
            await Task.Delay(100, Cancellation);
            var metrics = Exposition.Parse(await ScrapeAsync());
            seen = (Sum(metrics, "alloc_pool_units", "blocked"), Sum(metrics, "alloc_pool_units", "held"),
                Sum(metrics, "alloc_holds_active"));
        }
        // Nothing else is blocked here, and what else is held expires in a moment.
        while (seen != (3, 4, 1));
    }

    private static double Sum(IReadOnlyList<ScrapedMetric> metrics, string name, string? bucket = null) =>
        metrics.Single(m => m.Name == name).Samples
            .Where(s => bucket is null || s.Labels.Any(l => l.Value == bucket)).Sum(s => s.Value);

    private static string? Promtool { get; } = Installed.Monitor("promtool");

    private Task SomethingOfEverythingAsync(string pool) =>
        SomethingOfEverything.HappensAsync(dev.Deployment, pool, Cancellation);

    private async Task<string> ScrapeAsync()
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync($"{dev.Deployment.Console}/metrics", Cancellation);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }
}
