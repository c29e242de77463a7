using System.Globalization;
using System.Net;

namespace EndToEnd.Tests.Http;

/// <summary>One answer of an instance's HTTP API; status 0 where there was none.</summary>
internal sealed record ConsoleAnswer(HttpStatusCode Status, string Text);

/// <summary>The HTTP API of one instance, asked again and again until it says what a test waits for.</summary>
internal sealed class InstanceConsole(string url) : IDisposable
{
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(10) };

    public InstanceConsole(int port)
        : this($"http://127.0.0.1:{port}")
    {
    }

    /// <summary>The sum of a metric's samples; 0 where there are none.</summary>
    public static double Metric(string exposition, string name) => exposition.Split('\n')
        .Where(l => l.StartsWith($"{name}{{", StringComparison.Ordinal)
            || l.StartsWith($"{name} ", StringComparison.Ordinal))
        .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    public async Task<ConsoleAnswer> GetAsync(string path)
    {
        try
        {
            using var response = await client.GetAsync($"{url}/{path}");
            return new ConsoleAnswer(response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException e)
        {
            return new ConsoleAnswer(0, e.Message);
        }
    }

    /// <summary>Asks until the answer is as expected, and returns it.</summary>
    public async Task<ConsoleAnswer> UntilAsync(string path, Func<ConsoleAnswer, bool> isExpected, TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var answer = await GetAsync(path);
            if (isExpected(answer))
            {
                return answer;
            }
            try
            {
                await ticks.WaitForNextTickAsync(timer.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"/{path} did not answer as expected in {deadline.TotalSeconds:0} s: {answer.Status} "
                    + $"{answer.Text}");
            }
        }
    }

    public void Dispose() => client.Dispose();
}
