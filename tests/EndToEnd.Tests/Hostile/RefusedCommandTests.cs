using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Hostile;

/// <summary>
/// What is malformed or misaddressed registers nothing, and its answer is found all the same: by whoever waits, by its
/// id over HTTP, by <c>alloc explain</c> and in the history of the pool that it named.
/// </summary>
public sealed class RefusedCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Faults => ["malformed", "null key", "another key", "wrong partition"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Refused_command_is_found_by_its_id_and_decided_once_it_is_mended(string fault)
    {
        var pool = $"refused/{fault}";
        var id = $"{fault} 1";
        using var client = new CommandClient(dev.Deployment);
        if (fault != "wrong partition")
        {
            await client.StockAsync(pool, 10);
        }
        var good = CommandClient.Command(id, pool, CommandClient.Hold("r", 2));

        var answers = new List<AllocationOutcome>();
        for (var time = 0; time < 2; time++)
        {
            answers.Add(await client.AnswerAsync(await client.WriteAsync(
                fault == "null key" ? null : Encoding.UTF8.GetBytes(fault == "another key" ? "other" : pool),
                client.Encode(fault == "malformed" ? good with { Body = CommandClient.Hold("r", 0) } : good),
                (CommandClient.PartitionOf(pool) + (fault == "wrong partition" ? 1 : 0))
                    % CommandClient.PartitionCount)));
        }

        Assert.All(answers, a => Assert.Equal(
            (false, null, null, ReasonCode.Malformed),
            (a.Original, a.DuplicateOf, a.RememberUntilMs,
                Assert.IsType<AllocationOutcomeEvent.Rejected>(a.Event).Reasons.Single().Code)));
        var outcomeId = $"{answers[1].PoolId}#{answers[1].Sequence}";
        await FoundAsync(pool, id, outcomeId);
        foreach (var scope in (string[][])[[], ["--pool", pool]])
        {
            var explained = await dev.Deployment.AllocAsync(
                Deadline, ["explain", id, "-o", "json", .. scope, "--console", dev.Deployment.Console]);
            Assert.True(explained.ExitCode == 0, $"{explained}");
            Assert.Contains("Malformed", explained.Out, StringComparison.Ordinal);
        }
        if (fault != "wrong partition")
        {
            var history = await dev.Deployment.AllocAsync(Deadline, "pool", "history", pool, "-o", "jsonl");
            Assert.Contains($"\"{outcomeId}\"", history.Out, StringComparison.Ordinal);
        }

        if (fault == "wrong partition")
        {
            await client.StockAsync(pool, 10);
        }
        var decided = await client.AskAsync(good);
        var repeat = await client.AskAsync(good);

        Assert.IsType<AllocationOutcomeEvent.Held>(decided.Event);
        Assert.True(decided.Original);
        Assert.NotNull(repeat.DuplicateOf);
        await FoundAsync(pool, id, $"{pool}#{decided.Sequence}");
    }

    [Fact]
    public async Task Whoever_waits_for_the_answer_to_a_malformed_command_gets_it()
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("waited-for", 10);

        var run = await dev.Deployment.AllocAsync(
            Deadline, "reservation", "hold", "--pool", "waited-for", "--id", "r", "-q", "0", "--command-id", "w");
        var again = await dev.Deployment.AllocAsync(
            Deadline, "reservation", "hold", "--pool", "waited-for", "--id", "r", "-q", "1", "--command-id", "w");

        Assert.Equal((4, 0), (run.ExitCode, again.ExitCode));
        Assert.Contains("malformed", run.Out, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Command_that_nobody_sent_is_not_found()
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(
            new Uri($"{dev.Deployment.Console}/v1/commands/never-sent?pool=nowhere"));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    // A refusal shows when its commit is acknowledged, which may be a moment after the journal has it.
    private async Task FoundAsync(string pool, string id, string outcomeId)
    {
        using var http = new HttpClient();
        var url = $"{dev.Deployment.Console}/v1/commands/{Uri.EscapeDataString(id)}?pool={Uri.EscapeDataString(pool)}";
        using var patience = new CancellationTokenSource(Deadline);
        while (true)
        {
            using var answer = await http.GetAsync(new Uri(url), patience.Token);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(patience.Token))!;
            if (answer.StatusCode == HttpStatusCode.OK && body["outcomeId"]!.GetValue<string>() == outcomeId)
            {
                return;
            }
            await Task.Delay(50, patience.Token);
        }
    }
}
