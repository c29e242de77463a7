using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Monitoring;

/// <summary>From a broken promise to the page that somebody opens, with the real programs.</summary>
public sealed class PagingTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_about_a_broken_promise_arrives_with_a_runbook_that_can_be_opened()
    {
        Assert.SkipUnless(MonitoringStack.Missing is null, MonitoringStack.Missing ?? "");
        using var directory = new TemporaryDirectory();
        await using var hook = new WebHook();
        using var client = new CommandClient(dev.Deployment);
        await using var stack = await MonitoringStack.StartAsync(
            directory, dev.Deployment.Console, hook,
            $$"""{ "links": { "runbooks": "{{dev.Deployment.Console}}/v1/runbooks" } }""");
        await hook.AlertAsync("/watchdog", "Watchdog", Deadline, () => stack.Said);

        await client.StockAsync("paged", 5);
        await client.AskAsync(CommandClient.Command("paged-hold", "paged", CommandClient.Hold("r", 5)));
        await client.AskAsync(CommandClient.Command(
            "paged-supply", "paged", new AllocationCommandBody.SupplySnapshot
            {
                Source = "test",
                Version = 2,
                Quantity = 3,
                Through = 0,
            }));
        var alert = await hook.AlertAsync("/page/allocation", "Overcommitted", Deadline, () => stack.Said);

        Assert.Contains("promised 2 units beyond", alert["annotations"]!["description"]!.ToString(),
            StringComparison.Ordinal);
        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri(alert["annotations"]!["runbook_url"]!.ToString()), Cancellation);
        Assert.StartsWith("# Overcommitted\n", page, StringComparison.Ordinal);
        Assert.Equal(
            await File.ReadAllTextAsync(
                Path.Combine(MonitoringStack.Root(), "docs", "runbooks", "Overcommitted.md"), Cancellation),
            page);
    }
}
