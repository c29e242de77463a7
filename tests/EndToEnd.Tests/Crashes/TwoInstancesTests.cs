using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Crashes;

/// <summary>
/// Two instances share the partitions: one is killed and comes back, one is paused past its session and wakes up.
/// </summary>
public sealed class TwoInstancesTests
{
    private const int Lines = 12_000;
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);

    private static readonly string[] ShortSession =
    [
        "-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=1000"
    ];

    [Fact]
    public async Task Partitions_move_and_come_back_on_the_embedded_broker()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var server = await broker.StartAsync();

        await MoveAndComeBackAsync(directory, deployment);
    }

    [Fact]
    public async Task Partitions_move_and_come_back_on_Apache_Kafka()
    {
        ApacheKafka.SkipUnlessPresent();
        using var directory = new TemporaryDirectory();
        // Apache Kafka brings no schema registry: the embedded one serves both.
        var (broker, registry) = Servers.Broker(directory["registry"]);
        await using var server = await broker.StartAsync();
        await using var kafka = await ApacheKafka.StartAsync(directory["kafka"]);

        await MoveAndComeBackAsync(directory, registry with { Bootstrap = kafka.Bootstrap });
    }

    private static async Task MoveAndComeBackAsync(TemporaryDirectory directory, Deployment deployment)
    {
        await using var one = await Servers.Engine(deployment, directory["one"], ShortSession).StartAsync();
        var port = AllocProcess.FreePort();
        await using var two = await Servers.Engine(deployment, directory["two"], port, ShortSession).StartAsync();
        using var console = new InstanceConsole(port);
        var arguments = Proof.Replay(directory, Lines, "--window", "200");
        await using var replay = AllocProcess.Start([.. arguments, .. deployment.Options]);
        using var probe = new JournalProbe(deployment.Bootstrap);
        await using var load = WholeLedgerLoad.Start(deployment, directory);

        // Killed: the other takes over when the session ends; then it comes back and gets its partitions again.
        await probe.WaitForAsync((long)(Lines * 0.25), replay, Proof.Deadline);
        await one.KillAsync();
        await probe.WaitForAsync((long)(Lines * 0.5), replay, Proof.Deadline);
        await one.StartAsync();
        await probe.WaitForAsync((long)(Lines * 0.75), replay, Proof.Deadline);

        // Paused: it still believes that it owns its partitions when it wakes up, and is fenced.
        Assert.False(replay.HasExited, $"The replay ended too early:\n{replay.Said}");
        var before = InstanceConsole.Metric((await console.GetAsync("metrics")).Text, "alloc_recoveries_total");
        var unfinished = await PausedTransaction.CatchAsync(two.Process, replay, deployment.Bootstrap, Recovery);
        await unfinished.AbortedAsync(Proof.Deadline);
        two.Process.Signal(NativeSignal.Continue);
        await console.UntilAsync(
            "metrics", a => InstanceConsole.Metric(a.Text, "alloc_recoveries_total") > before, Recovery);

        var summary = await Proof.ReplayedAsync(replay);
        unfinished.ExpectAborted();
        Assert.False(one.Process.HasExited, one.Process.Said);
        Assert.False(two.Process.HasExited, two.Process.Said);
        await load.StopAndVerifyAsync();
        await Proof.NothingIsLeftToDoAsync(deployment, arguments, summary);
    }
}
