using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Monitoring;

/// <summary>From a broken promise to the page that somebody opens, with the real programs.</summary>
[Collection(nameof(MonitoredDev))]
public sealed class PagingTests(MonitoredDev dev)
{
    // Half a minute of it is the stage's SLA.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prometheus_sees_the_instance_and_has_every_rule()
    {
        var stack = dev.Stack;

        await stack.TargetsAreUpAsync(1, Deadline);
        var watchdog = await dev.Hook.AlertAsync("/watchdog", "Watchdog", Deadline, () => stack.Said);

        Assert.Equal("none", watchdog["labels"]!["severity"]!.ToString());
        await stack.RulesAreHealthyAsync(Deadline);
    }

    [Fact]
    public async Task A_page_about_a_broken_promise_arrives_with_a_runbook_that_can_be_opened()
    {
        var stack = dev.Stack;
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("paged", 5);
        await client.AskAsync(CommandClient.Command("paged-hold", "paged", CommandClient.Hold("r", 5)));
        var counted = await client.AskAsync(CommandClient.Command(
            "paged-count", "paged", new AllocationCommandBody.SupplySnapshot
            {
                Source = "test",
                Version = 2,
                Quantity = 3,
                Through = 0,
            }));
        Assert.Equal(-2, counted.BalancesAfter.Free);

        var alert = await dev.Hook.AlertAsync("/page/allocation", "Overcommitted", Deadline, () => stack.Said);

        Assert.Contains("promised 2 units beyond", alert["annotations"]!["description"]!.ToString(),
            StringComparison.Ordinal);
        await OpensAsync(alert, "Overcommitted");
    }

    [Fact]
    public async Task A_page_about_a_breached_stage_arrives_at_its_owner()
    {
        var stack = dev.Stack;

        var alert = await dev.Hook.AlertAsync("/page/allocation", "StageSlaBreach", Deadline, () => stack.Said);

        Assert.Equal(MonitoredDev.LateStage, alert["labels"]!["stage"]!.ToString());
        Assert.Contains($"100% of what waits in {MonitoredDev.LateStage} is beyond its SLA",
            alert["annotations"]!["description"]!.ToString(), StringComparison.Ordinal);
        await OpensAsync(alert, "StageSlaBreach");
    }

    [Fact]
    public async Task A_page_about_a_mismatch_arrives_at_its_owner_and_leads_to_the_section_of_its_class()
    {
        var stack = dev.Stack;

        var alert = await dev.Hook.AlertAsync("/page/warehouse", "MismatchOpen", Deadline, () => stack.Said);

        Assert.Equal("SupplyConflict", alert["labels"]!["class"]!.ToString());
        Assert.EndsWith(
            "#supplyconflict", alert["annotations"]!["runbook_url"]!.ToString(), StringComparison.Ordinal);
        await OpensAsync(alert, "MismatchOpen");
    }

    private static async Task OpensAsync(JsonNode alert, string name)
    {
        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri(alert["annotations"]!["runbook_url"]!.ToString()), Cancellation);
        var committed = await File.ReadAllTextAsync(
            Path.Combine(MonitoringStack.Root(), "docs", "runbooks", $"{name}.md"), Cancellation);
        Assert.StartsWith($"# {name}\n", page, StringComparison.Ordinal);
        Assert.Equal(committed, page);
    }
}
