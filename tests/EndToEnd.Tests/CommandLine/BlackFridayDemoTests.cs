using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// The demo's busiest day with real processes: fraud slows down, its stage fills, and holds are named that expire
/// before it is their turn.
/// </summary>
public sealed class BlackFridayDemoTests
{
    private const string Fraud = "AwaitingFraudDecision";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_slow_stage_shows_its_age_and_names_holds_before_they_expire()
    {
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["dev"], "--demo", "black-friday");
        await using var dev = await server.StartAsync();

        var stage = await UntilAsync(
            deployment, $"v1/stages/{Fraud}", s => (long)s["waiting"]! >= 50 && (long)s["holdsAtRisk"]! > 0);
        var holds = await UntilAsync(
            deployment, $"v1/holds-at-risk?stage={Fraud}",
            a => a["holds"]!.AsArray().Any(h => (double)h!["expiresInSeconds"]! > 5));

        Assert.True((double)stage["arrivalsPerSecond"]! > (double)stage["departuresPerSecond"]!);
        Assert.Equal("fraud", (string)stage["owner"]!);
        var hold = holds["holds"]!.AsArray().Last(h => (double)h!["expiresInSeconds"]! > 5)!;
        Assert.StartsWith("demo-order-", (string)hold["workId"]!, StringComparison.Ordinal);
        var order = await UntilAsync(
            deployment, $"v1/waiting/{hold["workId"]}", w => w["stages"]!.AsArray().Count > 0);
        Assert.Contains(order["holds"]!.AsArray(), h => (string)h!["reservationId"]! == (string)hold["reservationId"]!);

        // What was named comes true: the hold expires, or fraud got to it in time.
        var run = await CommandLineRun.OfAsync(
            ["explain", (string)hold["reservationId"]!, "--pool", (string)hold["poolId"]!],
            ("ALLOC_BOOTSTRAP", deployment.Bootstrap), ("ALLOC_REGISTRY", deployment.Registry),
            ("ALLOC_CONSOLE", deployment.Console), ("ALLOC_TIMEOUT", "30s"));
        Assert.Equal(0, run.ExitCode);
        var left = await UntilAsync(
            deployment, $"v1/waiting/{hold["workId"]}",
            w => w["stages"]!.AsArray().All(s => (string)s!["standing"]! != "Open"));
        Assert.DoesNotContain(left["holds"]!.AsArray(), h => (double)h!["expiresInSeconds"]! < -60);
    }

    private static async Task<JsonNode> UntilAsync(
        Deployment deployment, string path, Func<JsonNode, bool> isExpected)
    {
        using var client = new HttpClient();
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var answer = await client.GetAsync(new Uri($"{deployment.Console}/{path}"), Cancellation);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
            if (answer.IsSuccessStatusCode && isExpected(body))
            {
                return body;
            }
            Assert.True(
                TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{path}: {answer.StatusCode} {body}");
            await Task.Delay(200, Cancellation);
        }
    }
}
