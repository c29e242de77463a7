using System.Text.Json.Nodes;
using Confluent.Kafka;
using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>What holds a watermark back is said where the alert WatermarkHeld sends people.</summary>
public sealed class HeldWatermarkTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private const string Topic = "workflow.stages";
    private const int Partition = 1;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_transaction_that_holds_a_watermark_is_named_by_topology_describe_until_it_ends()
    {
        using var console = new InstanceConsole(dev.Deployment.Console);
        // Known before, or nothing is known up to when.
        await console.UntilAsync(
            "v1/tasks?role=backlog",
            a => Held(a.Text) is { } h && h["heldBy"] is null && h["watermark"] is not null, Deadline);
        using var transaction = await ForeignTransaction.OpenAsync(
            dev.Deployment, "nightly-import", new TopicPartition(Topic, Partition));
        await console.UntilAsync(
            "v1/tasks?role=backlog",
            a => $"{Held(a.Text)?["heldBy"]}".Contains("nightly-import", StringComparison.Ordinal), Deadline);

        var json = JsonNode.Parse((await DescribeAsync("-o", "json")).Out)!;
        var text = await DescribeAsync("-o", "table");
        transaction.Abort();
        await console.UntilAsync("v1/tasks?role=backlog", a => Held(a.Text) is { } h && h["heldBy"] is null, Deadline);
        var after = await DescribeAsync("-o", "table");

        var held = Of(json)!;
        Assert.StartsWith(
            "a transaction stands open at offset ", held["heldBy"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.InRange(held["lagSeconds"]!.GetValue<double>(), 5, 600);
        Assert.Equal((0, ""), (text.ExitCode, text.Error));
        Assert.Contains("Watermarks at this instance:", text.Out, StringComparison.Ordinal);
        var line = Line(text);
        Assert.Contains($"{Topic}-{Partition}  known up to ", line, StringComparison.Ordinal);
        Assert.Contains("; since ", line, StringComparison.Ordinal);
        Assert.Contains(", transactional id nightly-import", line, StringComparison.Ordinal);
        Assert.DoesNotContain("; since ", Line(after), StringComparison.Ordinal);
    }

    private static JsonNode? Held(string tasks) =>
        tasks.StartsWith('{') ? Of(JsonNode.Parse(tasks)!) : null;

    private static JsonNode? Of(JsonNode said) => said["watermarks"]?.AsArray().SingleOrDefault(
        w => w!["topic"]!.GetValue<string>() == Topic && w["partition"]!.GetValue<int>() == Partition);

    private static string Line(CommandLineRun run) => Assert.Single(
        run.Out.Split('\n'), l => l.TrimStart().StartsWith($"{Topic}-{Partition} ", StringComparison.Ordinal));

    private Task<CommandLineRun> DescribeAsync(params string[] form) => CommandLineRun.OfAsync(
        ["topology", "describe", "--application", "backlog", .. form], ("ALLOC_CONSOLE", dev.Deployment.Console));
}
