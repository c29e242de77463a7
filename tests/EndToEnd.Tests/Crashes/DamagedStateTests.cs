using System.Text.RegularExpressions;
using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Crashes;

/// <summary>
/// A disk that gives back other bytes than were written, under one process with all partitions: the damaged tasks, and
/// no others, are restored from the journal, and nothing is lost.
/// </summary>
public sealed partial class DamagedStateTests
{
    private const int Lines = 3_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What is damaged of partitions 0 to 2; that of partition 3 is sound. With more of the journal to come the damage
    /// is met while restoring, else when commands are decided or when the state is opened.
    /// </summary>
    public static TheoryData<string, string, string, bool> Damages => new()
    {
        { "blocks", "CURRENT", "MANIFEST", true },
        { "blocks", "all of the tables", "a table is gone", false },
        { "tail of the tables", "tables cut short", "OPTIONS", false },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damaged_tasks_are_restored_and_their_neighbours_keep_their_state(
        string first, string second, string third, bool withTail)
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"], "--log-level", "information");
        await using var server = await dev.StartAsync();
        var arguments = Proof.Replay(directory, Lines);
        var replayed = await deployment.AllocAsync(Proof.Deadline, arguments);
        Assert.True(replayed.ExitCode == 0, replayed.ToString());
        await EndAsync(server);
        if (withTail)
        {
            await server.StartAsync();
            var again = await deployment.AllocAsync(Proof.Deadline, [.. arguments, "--resend"]);
            Assert.True(again.ExitCode == 0, again.ToString());
            await server.KillAsync();
        }
        string[] damages = [first, second, third];
        for (var partition = 0; partition < damages.Length; partition++)
        {
            Damage(directory["data/state/allocation/0_" + partition + "/db"], damages[partition]);
        }
        Damage(directory["data/state/allocation-projection/0_1/db"], "blocks");

        await server.StartAsync();
        var resent = await deployment.AllocAsync(Proof.Deadline, [.. arguments, "--resend"]);
        Assert.True(resent.ExitCode == 0, resent.ToString());
        using var console = new InstanceConsole(deployment.Console);
        await console.UntilAsync("readyz", a => a.Status == System.Net.HttpStatusCode.OK, Deadline);

        // A file of options is not read back: to lose it costs nothing.
        var damaged = Enumerable.Range(0, damages.Length).Where(p => damages[p] != "OPTIONS").ToList();
        Assert.Equal(damaged.Select(p => $"0_{p}"), Wiped(server.Process.Said).Order());
        var metrics = (await console.GetAsync("metrics")).Text;
        Assert.All(damaged, p => Assert.Contains(
            $"alloc_state_wipes_total{{group=\"allocation\",task=\"0_{p}\"}} 1", metrics, StringComparison.Ordinal));
        Assert.DoesNotContain("group=\"allocation\",task=\"0_3\"} 1", WipesOf(metrics), StringComparison.Ordinal);
        await Proof.VerifyAsync(deployment);
        await Proof.NothingIsLeftToDoAsync(
            deployment, arguments, System.Text.Json.Nodes.JsonNode.Parse(replayed.Out)!);
    }

    private static async Task EndAsync(Server server)
    {
        server.Process.Signal(NativeSignal.Terminate);
        var ended = await server.Process.WaitForExitAsync(Deadline);
        Assert.Equal(0, ended.ExitCode);
    }

    private static void Damage(string database, string what)
    {
        var tables = Directory.GetFiles(database, "*.sst");
        Assert.NotEmpty(tables);
        switch (what)
        {
            case "blocks":
                Array.ForEach(tables, t => Flip(t, 0.2, 0.6));
                break;
            case "all of the tables":
                Array.ForEach(tables, t => Flip(t, 0, 1));
                break;
            case "tail of the tables":
                Array.ForEach(tables, t => Flip(t, 0.95, 1));
                break;
            case "tables cut short":
                Array.ForEach(tables, Cut);
                break;
            case "a table is gone":
                File.Delete(tables[0]);
                break;
            default:
                Array.ForEach(Directory.GetFiles(database, $"{what}*"), f => Flip(f, 0, 1));
                break;
        }
    }

    private static void Flip(string file, double from, double to)
    {
        var bytes = File.ReadAllBytes(file);
        for (var index = (int)(bytes.Length * from); index < (int)(bytes.Length * to); index += 5)
        {
            bytes[index] ^= 0x5A;
        }
        File.WriteAllBytes(file, bytes);
    }

    private static void Cut(string file)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.SetLength(stream.Length / 2);
    }

    /// <summary>The tasks of which the log says, once for each time, that their state was wiped.</summary>
    private static IEnumerable<string> Wiped(string said) => WipedLine().Matches(said)
        .Where(m => !m.Value.Contains("projection", StringComparison.Ordinal)).Select(m => m.Groups["task"].Value);

    private static string WipesOf(string metrics) => string.Join(
        '\n', metrics.Split('\n').Where(l => l.StartsWith("alloc_state_wipes_total", StringComparison.Ordinal)));

    [GeneratedRegex("Task (?<task>[0-9_]+): local state is wiped[^\n]*")]
    private static partial Regex WipedLine();
}
