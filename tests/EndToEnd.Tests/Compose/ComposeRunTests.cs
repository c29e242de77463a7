using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Compose;

/// <summary>
/// The settings and files of the compose file with the real programs, where they are at hand: only addresses and
/// folders are others.
/// </summary>
public sealed class ComposeRunTests(ComposeStack compose) : IClassFixture<ComposeStack>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_instances_over_tls_know_each_other_and_open_to_the_tokens_of_the_first_step()
    {
        ComposeStack.SkipUnlessItRuns();
        await using (var health = AllocProcess.StartIn(compose.Settings["alloc-1"], "health"))
        {
            var said = await health.WaitForExitAsync(Deadline);
            Assert.True(said.ExitCode == 0, said.ToString());
        }
        using var client = compose.Client();
        var closed = await client.GetAsync(compose.Address("alloc-1", "v1/pools"), Cancellation);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", compose.ViewerToken);
        var scrape = await client.GetStringAsync(compose.Address("alloc-2", "metrics"), Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
        Assert.Contains("alloc_build_info", scrape, StringComparison.Ordinal);
        await BothOwnPartitionsAsync(client);
        var pools = JsonNode.Parse(
            await client.GetStringAsync(compose.Address("alloc-1", "v1/pools"), Cancellation))!;
        Assert.True((bool)pools["complete"]!, pools.ToJsonString());
    }

    [Fact]
    public async Task Prometheus_scrapes_both_with_its_token_and_what_alertmanager_hears_has_a_runbook_that_opens()
    {
        ComposeStack.SkipUnlessItRuns();
        var (stack, hook) = await compose.MonitoringAsync();

        await stack.TargetsAreUpAsync(2, Deadline);
        await stack.RulesAreHealthyAsync(Deadline);
        var alert = await hook.AlertAsync("/watchdog", "Watchdog", Deadline, () => stack.Said);

        // Whoever is paged opens it without a token, in a browser that trusts the authority of the first step.
        using var browser = compose.Client();
        var page = await browser.GetStringAsync(
            new Uri(alert["annotations"]!["runbook_url"]!.ToString()), Cancellation);
        Assert.Equal(
            await File.ReadAllTextAsync(
                Path.Combine(ComposeFile.Root, "docs", "runbooks", "Watchdog.md"), Cancellation), page);
    }

    [Fact]
    public async Task Kafka_is_healthy_by_its_own_check()
    {
        ComposeStack.SkipUnlessItRuns();

        var said = await compose.KafkaHealthAsync();

        Assert.True(said.ExitCode == 0, said.ToString());
    }

    [Fact]
    public async Task The_first_step_changes_nothing_that_is_good()
    {
        Assert.SkipUnless(ComposeStack.Missing is null, ComposeStack.Missing ?? "");
        using var directory = new TemporaryDirectory();

        await ComposeStack.MakeCertificatesAsync(directory);
        var before = Contents(directory);
        await ComposeStack.MakeCertificatesAsync(directory);

        Assert.Equal(before, Contents(directory));
        string[] kept = ["server.pem", "credentials", "viewer.token", "operator.token", "grafana.password", "ca.key"];
        Assert.All(kept, name => Assert.Contains(before.Keys, f => Path.GetFileName(f) == name));
    }

    private async Task BothOwnPartitionsAsync(HttpClient client)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        foreach (var name in compose.Settings.Keys)
        {
            while (JsonNode.Parse(await client.GetStringAsync(compose.Address(name, "v1/tasks"), deadline.Token))!
                ["tasks"]!.AsArray().Count == 0)
            {
                await Task.Delay(Poll, deadline.Token);
            }
        }
    }

    private static SortedDictionary<string, string> Contents(TemporaryDirectory directory) => new(
        new[] { "alloc", "prometheus", "operator" }
            .SelectMany(d => Directory.GetFiles(directory[d], "*", SearchOption.AllDirectories))
            .ToDictionary(f => f, File.ReadAllText), StringComparer.Ordinal);
}
