using System.Diagnostics;
using System.Globalization;
using System.Text;
using Alloc.Engine.Testing;
using Alloc.Tests.Support;
using Engine.Tests.Support;

namespace Engine.Tests.Joins;

/// <summary>The tables of docs/joins.md: each row is a test, here and with Kafka Streams.</summary>
public sealed class JoinTableTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    /// <summary>Where the seconds of the table begin.</summary>
    internal const long StartMs = 1_000_000_000;

    /// <summary>How far a source's watermark stays behind its clock.</summary>
    private const long SkewMs = 5_000;

    [Fact]
    public void Every_row_comes_out_as_the_page_says()
    {
        var rows = JoinRow.ReadAll();

        Assert.True(rows.Count(r => r.Kind == JoinRow.StreamJoin) >= 70, "The page has few rows of joins.");
        Assert.True(rows.Count(r => r.Kind == JoinRow.TableJoin) >= 10, "The page has few rows of joins with tables.");
        Assert.True(rows.Count(r => r.Kind == JoinRow.Aggregate) >= 20, "The page has few rows of aggregates.");
        AssertAlike(rows.Select(row => (row, row.Results, (IReadOnlyList<string>)Run(row))));
    }

    [Fact]
    public async Task Kafka_Streams_does_with_the_same_records_what_the_page_says()
    {
        Assert.SkipUnless(
            Installed.KafkaHome is not null && Directory.Exists(Path.Combine(Installed.KafkaHome, "lib")),
            "Apache Kafka's jars are not at hand: set KAFKA_HOME");
        var rows = JoinRow.ReadAll().Where(r => r.KafkaStreams is not null).ToList();

        var results = await RunJavaAsync(rows);

        AssertAlike(rows.Zip(results).Select(r => (r.First, r.First.KafkaStreams!, (IReadOnlyList<string>)r.Second)));
    }

    /// <summary>Names every row that came out otherwise, not the first few.</summary>
    private static void AssertAlike(
        IEnumerable<(JoinRow Row, IReadOnlyList<string> Expected, IReadOnlyList<string> Actual)> rows)
    {
        var others = rows.Where(r => !r.Actual.SequenceEqual(r.Expected))
            .Select(r => $"{r.Row.Name}: {string.Join(", ", r.Actual)}").ToList();
        Assert.True(others.Count == 0, string.Join('\n', others));
    }

    private static List<string> Run(JoinRow row)
    {
        using var driver = new TopologyTestDriver(RowTopology.Build(row), StartMs);
        var results = new List<string>();
        foreach (var step in row.Steps)
        {
            Take(driver, step.Split(' '));
            results.AddRange(JoinCase.ReadAll(driver).Select(line => Describe(row, line, driver.NowMs)));
        }
        return results;
    }

    private static void Take(TopologyTestDriver driver, string[] step)
    {
        if (step[0] == "known")
        {
            var untilMs = StartMs + (long)Seconds(step[1]).TotalMilliseconds + SkewMs;
            driver.AdvanceWallClock(TimeSpan.FromMilliseconds(Math.Max(0, untilMs - driver.NowMs)));
            return;
        }
        if (step[0] == "restart")
        {
            driver.RestartFromJournal();
            return;
        }
        var key = step.Length < 4 ? "k" : step[3] == "-" ? null : step[3];
        driver.PipeInput(
            step[0] == "L" ? JoinCase.Left : JoinCase.Right, Bytes(key), Bytes(step[1] == "-" ? null : step[1]),
            StartMs + (long)Seconds(step[2]).TotalMilliseconds);
    }

    /// <summary>
    /// "out k a1+b1 1000000020000" becomes "a1+b1@20", of an aggregate "k=a1+b1@20"; what leaves by itself does so now.
    /// </summary>
    private static string Describe(JoinRow row, string line, long nowMs)
    {
        var words = line.Split(' ');
        var timestampMs = long.Parse(words[^1], CultureInfo.InvariantCulture);
        var value = string.Join(' ', words[2..^1]);
        if (words[0] != "out")
        {
            return $"{words[0].Replace('-', ' ')} {value}";
        }
        value = row.Kind == JoinRow.Aggregate ? $"{words[1]}={value}" : value;
        var isAlone = row.Join.EndsWith(" closed", StringComparison.Ordinal) || (row.Kind == JoinRow.StreamJoin
            && value.Contains("null", StringComparison.Ordinal) && words[1] != "null");
        Assert.True(!isAlone || timestampMs == nowMs, $"{line} is not stamped by the clock, which shows {nowMs}");
        return string.Create(
            CultureInfo.InvariantCulture, $"{value}@{(isAlone ? "now" : (timestampMs - StartMs) / 1000)}");
    }

    private async Task<List<string[]>> RunJavaAsync(List<JoinRow> rows)
    {
        using var java = Process.Start(new ProcessStartInfo("java",
        [
            "-cp", Path.Combine(Installed.KafkaHome!, "lib", "*"),
            Path.Combine(AppContext.BaseDirectory, "Joins", "java", "JoinCases.java"), cluster.BootstrapServers,
            cluster.NewDirectory("kafka-streams"),
        ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = java.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = java.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var input = string.Concat(rows.Select(row => $"{row.Kind}|{row.Join}|{string.Join(',', row.Steps)}\n"));
        await java.StandardInput.WriteAsync(input.AsMemory(), TestContext.Current.CancellationToken);
        java.StandardInput.Close();
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(4));
            await java.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            if (!java.HasExited)
            {
                java.Kill(entireProcessTree: true);
            }
        }
        var lines = (await output).Split('\n').Where(l => l.StartsWith("result ", StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count == rows.Count, $"Kafka Streams answered {lines.Count} rows: {await errors}");
        return [.. lines.Select(line => line["result ".Length..].Split(',', StringSplitOptions.RemoveEmptyEntries))];
    }

    private static TimeSpan Seconds(string text) =>
        TimeSpan.FromSeconds(long.Parse(text, CultureInfo.InvariantCulture));

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
