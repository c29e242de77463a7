using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine.Replays;

/// <summary>An <c>alloc dev</c> and what makes dead letters in it; each test has keys of its own.</summary>
public sealed class LettersDev : IAsyncLifetime
{
    public const string Stages = "workflow.stages", StageLetters = "workflow.stages.dlq";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly SharedDev dev = new();

    internal Deployment Deployment => dev.Deployment;

    internal RawTopics Topics { get; private set; } = null!;

    internal CommandClient Client { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await dev.InitializeAsync();
        Topics = new RawTopics(dev.Deployment);
        Client = new CommandClient(dev.Deployment);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Topics.Dispose();
        await dev.DisposeAsync();
    }

    internal Task<CommandLineRun> RunAsync(params string[] arguments) =>
        CommandLineRun.OfAsync([.. arguments, .. Deployment.Options]);

    /// <summary>The same at a terminal where somebody answers; a line for each question.</summary>
    internal async Task<CommandLineRun> AnswerAsync(string answers, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await AllocCli.RunAsync([.. arguments, .. Deployment.Options], new CliHost
        {
            Out = output,
            Error = error,
            In = new StringReader(answers),
            InIsTerminal = true,
        });
        return new CommandLineRun(code, output.ToString(), error.ToString());
    }

    /// <summary>A stage event; one of a stage that there is not becomes a dead letter.</summary>
    internal async Task EnterAsync(string work, string stage = "Nowhere")
    {
        var run = await CommandLineRun.OfAsync(
            ["topic", "produce", Stages, "-o", "none", .. Deployment.Options],
            $$"""{"workId": "{{work}}", "stageId": "{{stage}}", "kind": "Entered"}""");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    /// <summary>A command that is cut short: its first fields can be read.</summary>
    internal async Task<TopicPartitionOffset> BreakAsync(string pool, string id)
    {
        var whole = Client.Encode(CommandClient.Command(id, pool, CommandClient.Hold("r", 1)));
        var at = await Client.WriteAsync(
            Encoding.UTF8.GetBytes(pool), whole[..^3], CommandClient.PartitionOf(pool));
        await Client.DeadLetterAsync(at);
        return at;
    }

    /// <summary>Letters of stages with this key, once there are so many of them.</summary>
    internal async Task<List<JsonNode>> LettersAsync(string key, int count, params string[] options)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var run = await RunAsync(["dlq", "show", StageLetters, "--limit", "1000", "-o", "json", .. options]);
            Assert.True(run.ExitCode == 0, run.ToString());
            var found = JsonNode.Parse(run.Out)!.AsArray().OfType<JsonNode>()
                .Where(l => (string?)l["key"] == key).ToList();
            if (found.Count >= count)
            {
                return found;
            }
            Assert.True(
                TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{found.Count} letters of {key}: {run.Out}");
            await Task.Delay(100, Cancellation);
        }
    }

    /// <summary>Values of the input under a key.</summary>
    internal List<ConsumeResult<byte[]?, byte[]?>> Input(string topic, string key) =>
        [.. Topics.Read(topic, Cancellation).Where(
            r => r.Message.Key is { } bytes && Encoding.UTF8.GetString(bytes) == key)];

    internal static string? Header(ConsumeResult<byte[]?, byte[]?> record, string name) =>
        record.Message.Headers.TryGetLastBytes(name, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>The options that name one letter.</summary>
    internal static string[] Place(JsonNode letter) =>
        ["--partition", $"{letter["partition"]}", "--offset", $"{letter["offset"]}"];

    internal static AllocationCommand Blocked(string id, string pool, string reason) => CommandClient.Command(
        id, pool, new AllocationCommandBody.Block { Quantity = 1, Reason = reason });
}
