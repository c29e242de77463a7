using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Crashes;

/// <summary>
/// The proof of reconciliation, short: the beginning of a retail year in real processes with faults of every kind and
/// kills; all of them are found, nothing else is, and what can be repaired is repaired once.
/// </summary>
public sealed class KilledReconciliationTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(6);

    [Fact]
    public async Task Every_fault_in_real_processes_is_found_through_kills_and_repaired_once_and_none_is_invented()
    {
        using var directory = new TemporaryDirectory();
        await using var truth = AllocProcess.Start(
            "bench", "truth", "--for", "12s", "--short", "--fault-percent", "5", "--kill-every", "6s", "--seed",
            "7", "--work-dir", directory["work"], "-o", "json");

        var result = await truth.WaitForExitAsync(Deadline);

        Assert.True(result.ExitCode == 0, $"{result}");
        var summary = JsonNode.Parse(result.Out)!;
        var (verdict, repairs) = (summary["verdict"]!, summary["repairs"]!);
        Assert.Empty(summary["unexpected"]!.AsObject());
        Assert.NotEmpty(summary["kills"]!.AsObject());
        Assert.InRange((int)verdict["expected"]!, 100, 2_000);
        Assert.All(verdict["faults"]!.AsArray(), f => Assert.Equal((int)f!["expected"]!, (int)f["found"]!));
        Assert.InRange(verdict["faults"]!.AsArray().Count, 10, 20);
        Assert.Equal(0, (int)repairs["openAtEnd"]!);
        Assert.InRange((int)repairs["repaired"]!, 50, 2_000);
        Assert.Equal((0, 0), ((int)repairs["sentMoreThanOnce"]!, (int)repairs["sentByTheSecondRun"]!));
    }
}
