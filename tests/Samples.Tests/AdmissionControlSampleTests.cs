using System.Net.Http.Json;
using System.Text.Json;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Workflow;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>
/// samples/admission-control lets through what Alloc can answer, however often it is asked. Each test has an
/// <c>alloc dev</c> of its own: one is stalled, one has a stage that does not drain.
/// </summary>
public sealed class AdmissionControlSampleTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private Server server = null!;
    private Deployment deployment = null!;

    public async ValueTask InitializeAsync()
    {
        (server, deployment) = Servers.Dev(directory["data"]);
        await server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Ten_callers_for_each_order_send_one_command_for_each_and_no_more_at_once_than_there_are_permits()
    {
        const int Orders = 40;

        await using var sample = Start($"orders={Orders}", "callers=10", "every-ms=0", "permits=4", "queue=6",
            "deadline-ms=60000", "attempt-ms=30000");
        var end = await sample.WaitForExitAsync(SampleProgram.Deadline);

        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Contains($"{Orders} orders: {Orders} Held", end.Out, StringComparison.Ordinal);
        var summary = Summary.Of(end);
        Assert.Equal(Orders, summary.Sent);
        Assert.InRange(summary.MostUnderWay, 1, 4);
        Assert.True(summary.Calls >= 10 * Orders, $"{summary}");
        Assert.True(summary.TurnedAway > 0, $"{summary}");
        // What the program says of itself is what the log has.
        Assert.Equal(Orders, Holds().Count);
    }

    [Fact]
    public async Task While_Alloc_stands_still_a_storm_adds_little_and_afterwards_all_goes_on()
    {
        const int Permits = 8;
        // Orders, of ten callers each, that the silence lasts for.
        const int Unanswered = 40;
        await using var sample = Start(
            "orders=300", "callers=10", "every-ms=50", $"permits={Permits}", "queue=16", "deadline-ms=4000",
            "attempt-ms=1000");
        await sample.WaitForLineAsync(": Held", SampleProgram.Deadline);

        var unanswered = UnansweredIn(sample);
        server.Process.Signal(NativeSignal.Stop);
        var stalledAt = DateTimeOffset.UtcNow;
        try
        {
            await sample.WaitForLineAsync("no answers: a pause", SampleProgram.Deadline);
            await UntilAsync(() => UnansweredIn(sample) >= unanswered + Unanswered);
        }
        finally
        {
            server.Process.Signal(NativeSignal.Continue);
        }
        var resumedAt = DateTimeOffset.UtcNow;
        var heldBefore = HeldIn(sample.Said);
        await sample.WaitForLineAsync("commands are sent again", SampleProgram.Deadline);
        var end = await sample.WaitForExitAsync(SampleProgram.Deadline);

        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.True(HeldIn(end.Out) > heldBefore, end.ToString());
        var summary = Summary.Of(end);
        Assert.InRange(summary.MostUnderWay, 1, Permits);
        Assert.True(summary.Calls >= 3_000, $"{summary}");

        // Of hundreds of calls in the silence: what had a permit when it began, and a probe now and then.
        var holds = Holds();
        var meanwhile = holds.Count(c => c.IssuedAtMs >= stalledAt.ToUnixTimeMilliseconds()
            && c.DeadlineMs <= resumedAt.ToUnixTimeMilliseconds());
        Assert.InRange(meanwhile, 0, 2 * Permits);
        // Retries are the same command: the same id has the same deadline.
        Assert.Equal(
            holds.Select(c => c.CommandId).Distinct().Count(),
            holds.Select(c => (c.CommandId, c.DeadlineMs, c.IssuedAtMs)).Distinct().Count());

        var outcomes = Outcomes();
        var held = outcomes.Where(o => o.Original && o.Event is AllocationOutcomeEvent.Held).ToList();
        Assert.Equal(held.Count, held.DistinctBy(o => o.CommandId).Count());
    }

    [Fact]
    public async Task What_reaches_the_log_after_its_deadline_is_refused_although_it_would_have_been_granted()
    {
        const int Permits = 4;
        // Attempts that outlast the deadline: records stay under way when their callers are gone.
        await using var sample = Start(
            "orders=400", "callers=1", "every-ms=50", $"permits={Permits}", "deadline-ms=2000", "attempt-ms=60000");
        await sample.WaitForLineAsync(": Held", SampleProgram.Deadline);

        server.Process.Signal(NativeSignal.Stop);
        var unanswered = SentInVainIn(sample);
        try
        {
            // All that have a permit now may be on the log in time, and on a busy machine nobody has read what was said
            // of as many before: what comes after them is late.
            await UntilAsync(() => SentInVainIn(sample) > unanswered + (2 * Permits));
        }
        finally
        {
            server.Process.Signal(NativeSignal.Continue);
        }
        var end = await sample.WaitForExitAsync(SampleProgram.Deadline);

        Assert.True(end.ExitCode == 0, end.ToString());
        var deadlines = Holds().DistinctBy(c => c.CommandId).ToDictionary(c => c.CommandId, c => c.DeadlineMs!.Value);
        var decided = Outcomes().Where(o => o.CommandId is { } id && deadlines.ContainsKey(id)).ToList();
        var refused = decided.Where(o => o.Event is AllocationOutcomeEvent.Rejected { Reasons: [var reason, ..] }
            && reason.Code == ReasonCode.DeadlineExceeded).ToList();
        Assert.NotEmpty(refused);
        Assert.All(refused, o => Assert.True(o.TMs > deadlines[o.CommandId!], $"{o.CommandId} was in time"));
        Assert.All(
            decided.Where(o => o.Event is AllocationOutcomeEvent.Held),
            o => Assert.True(o.TMs <= deadlines[o.CommandId!], $"{o.CommandId} was late"));
    }

    [Fact]
    public async Task Nothing_is_sent_while_what_follows_does_not_drain()
    {
        using var stages = new TopicRecords<StageEvent>(deployment, "workflow.stages");
        await stages.WriteAsync("work-1", Stage(StageEventKind.Entered));
        await UntilWaitingAsync("AuthorizationPending", TimeSpan.FromSeconds(1));

        await using var sample = Start("orders=1", "callers=1", "deadline-ms=100000", "drain-limit-s=1");
        await sample.WaitForLineAsync("nothing is sent until it has drained", SampleProgram.Deadline);
        var before = Holds().Count;
        await stages.WriteAsync("work-1", Stage(StageEventKind.Left));
        var end = await sample.WaitForExitAsync(SampleProgram.Deadline);

        Assert.Equal(0, before);
        var said = end.Out.Split('\n');
        Assert.StartsWith("held back: work waits in AuthorizationPending for", said[1], StringComparison.Ordinal);
        Assert.Equal(
            ["nothing is sent until it has drained", "drained", "commands are sent again", "premiere-order-1: Held"],
            said[2..6]);
    }

    [Fact]
    public async Task A_console_that_answers_503_holds_back_and_the_deadline_ends_it_unsent()
    {
        // An instance without the backlog does not know what waits.
        var console = AllocProcess.FreePort();
        await using var engine = await Servers.Engine(
            deployment, directory["engine"], console, "--roles", "projection").StartAsync();
        deployment = deployment with { Console = $"http://127.0.0.1:{console}" };

        await using var sample = Start("orders=1", "callers=1", "deadline-ms=1500");
        var end = await sample.WaitForExitAsync(SampleProgram.Deadline);

        Assert.Contains("held back: the console answers 503", end.Out, StringComparison.Ordinal);
        Assert.Contains("premiere-order-1: gave up before it was sent", end.Out, StringComparison.Ordinal);
        Assert.Empty(Holds());
    }

    [Fact]
    public async Task A_console_that_cannot_be_reached_keeps_nobody_from_asking()
    {
        deployment = deployment with { Console = $"http://127.0.0.1:{AllocProcess.FreePort()}" };

        await using var sample = Start("orders=1", "callers=1", "deadline-ms=60000");
        var end = await sample.WaitForExitAsync(SampleProgram.Deadline);

        Assert.Contains("what waits is not known: ", end.Error, StringComparison.Ordinal);
        Assert.Contains("premiere-order-1: Held", end.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("orders=many", "orders=many is not understood: a number may be given to orders, callers,")]
    [InlineData("order=3", "order=3 is not understood")]
    public async Task An_option_that_is_not_known_is_named(string option, string expected)
    {
        await using var sample = Start(option);
        var end = await sample.WaitForExitAsync(SampleProgram.Deadline);

        Assert.Equal(2, end.ExitCode);
        Assert.StartsWith(expected, end.Error, StringComparison.Ordinal);
    }

    private AllocProcess Start(params string[] options) => SampleProgram.Start(
        "admission-control", "admission-control-sample",
        [deployment.Bootstrap, deployment.Registry, deployment.Console, "premiere", .. options]);

    private List<AllocationCommand> Holds()
    {
        using var commands = new TopicRecords<AllocationCommand>(deployment, "allocation.commands");
        return [.. commands.ReadToEnd().Where(c => c is { PoolId: "premiere", Body: AllocationCommandBody.Hold })];
    }

    private List<AllocationOutcome> Outcomes()
    {
        using var journal = new TopicRecords<AllocationOutcome>(deployment, "allocation.outcomes");
        return [.. journal.ReadToEnd().Where(o => o.PoolId == "premiere")];
    }

    private static StageEvent Stage(StageEventKind kind) => new()
    {
        WorkId = "work-1",
        StageId = "AuthorizationPending",
        Kind = kind,
        Result = kind == StageEventKind.Left ? StageResult.Completed : null,
    };

    private static int HeldIn(string said) =>
        said.Split('\n').Count(l => l.EndsWith(": Held", StringComparison.Ordinal));

    private static int UnansweredIn(AllocProcess sample) => sample.Said.Split('\n').Count(
        l => l.Contains(": gave up", StringComparison.Ordinal)
            || l.EndsWith(": turned away", StringComparison.Ordinal));

    /// <summary>Orders whose command was sent and not answered: not those that never had a permit.</summary>
    private static int SentInVainIn(AllocProcess sample) =>
        sample.Said.Split('\n').Count(l => l.EndsWith(": gave up", StringComparison.Ordinal));

    /// <summary>Waits until the console says that work waits in a stage for longer than a time.</summary>
    private async Task UntilWaitingAsync(string stage, TimeSpan age)
    {
        using var http = new HttpClient { BaseAddress = new Uri(deployment.Console) };
        await UntilAsync(async () =>
        {
            using var said = await http.GetAsync(
                new Uri("v1/stages", UriKind.Relative), TestContext.Current.CancellationToken);
            if (!said.IsSuccessStatusCode)
            {
                // The backlog starts beside the ledger, and may be later.
                return false;
            }
            var answer = await said.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            return answer.GetProperty("stages").EnumerateArray().Any(s => s.GetProperty("stageId").GetString() == stage
                && s.GetProperty("oldestAgeSeconds") is { ValueKind: JsonValueKind.Number } oldest
                && oldest.GetDouble() > age.TotalSeconds);
        });
    }

    private static Task UntilAsync(Func<bool> isSo) => UntilAsync(() => Task.FromResult(isSo()));

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var deadline = new CancellationTokenSource(SampleProgram.Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await isSo())
        {
            await ticks.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary>The last line of the sample, as numbers.</summary>
    private sealed record Summary(int Calls, int Shared, int TurnedAway, int Sent, int MostUnderWay)
    {
        public static Summary Of(ProcessResult end)
        {
            var numbers = end.Out.Split('\n')[^1].Split(' ', ';', ':')
                .Where(w => int.TryParse(w, out _)).Select(w => int.Parse(w, null)).ToList();
            return new Summary(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
        }
    }
}
