using System.Net;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Asks routes of an instance, until they answer as expected.</summary>
internal static class Asked
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(180);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<JsonNode> UntilAsync(
        Deployment deployment, string path, Func<JsonNode, bool> isExpected)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (status, body) = await OfAsync(deployment, path);
            if (status == HttpStatusCode.OK && isExpected(body))
            {
                return body;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{path}: {status} {body}");
            await Task.Delay(100, Cancellation);
        }
    }

    public static async Task<(HttpStatusCode Status, JsonNode Body)> OfAsync(Deployment deployment, string path)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"{deployment.Console}/{path}"), Cancellation);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!);
    }
}
