using Alloc.Cli.Demo;
using Alloc.Cli.Monitoring;
using Alloc.Cli.Monitoring.Rules;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Workflow;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// The demo's busiest day with real processes: fraud slows to a tenth and back, and whoever looks on sees its stage
/// age, the holds that will expire, the alert's threshold passed, and the mode that comes on and goes. What its
/// services got wrong meanwhile is found and repaired, until no mismatch is open.
/// </summary>
public sealed class BlackFridayDemoTests
{
    private const string Fraud = "AwaitingFraudDecision";
    private const string Mode = "fraud-slow";

    // The day is over in a minute; it comes again every two.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(6);
    private static readonly DemoScenario Story = DemoScenario.Find("black-friday")!;

    private static readonly OperationsCatalogue Catalogue = DemoCatalogue.Of(Story.Catalogue!);
    private static readonly WatchedCatalogue Watched = WatchedCatalogue.Of(Catalogue);
    private static readonly TimeSpan Sla = Catalogue.Stage(Fraud)!.Sla;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fraud_slows_to_a_tenth_and_back_and_what_is_said_of_its_stage_meanwhile_comes_true()
    {
        using var directory = new TemporaryDirectory();
        var day = new WatchedDay(Fraud, Mode);
        var (demo, shop) = Servers.Dev(directory["dev"], "--demo", Story.Name);
        await using (demo)
        {
            await demo.StartAsync();
            await day.UntilAsync(
                d => d.Switches is [.., { } last] && d.Switches.Any(s => (bool)s["on"]!) && !(bool)last["on"]!
                    && !d.IsModeShown[^1] && !IsBreached(d.Scrapes[^1]) && d.Ages[^1] < Sla.TotalSeconds / 2,
                new Uri(shop.Console), Deadline, Cancellation);
            await RepairedDay.UntilNothingIsOpenAsync(shop, Cancellation);
            demo.Process.Signal(NativeSignal.Terminate);
            await demo.Process.WaitForExitAsync(Proof.Deadline);
        }
        CheckWhatWasSeen(day);

        // Nobody buys any more: what happened is read, and verified, in peace.
        var (server, quiet) = Servers.Dev(directory["dev"]);
        await using var dev = await server.StartAsync();
        var outcomes = await TopicRecords.ReadAsync<AllocationOutcome>(quiet, "allocation.outcomes", Cancellation);
        var stages = await TopicRecords.ReadAsync<StageEvent>(quiet, "workflow.stages", Cancellation);
        var alerts = await TopicRecords.ReadAsync<AgingAlert>(quiet, "backlog.aging", Cancellation);
        var modes = await TopicRecords.ReadAsync<ModeState>(quiet, "backlog.modes", Cancellation);

        var untilMs = stages.Max(s => s.AtMs);
        var expired = ExpiredInFraud(outcomes.Select(o => o.Value).Where(o => o.TMs <= untilMs), stages);
        CheckNames(expired, [.. alerts.Select(a => a.Value)], day);
        CheckModes([.. modes.Select(m => m.Value)]);
        var audit = await TopicRecords.ReadAsync<MismatchEvent>(quiet, "reconciliation.events", Cancellation);
        RepairedDay.Check([.. audit.Select(e => e.Value)]);
        Assert.Contains(outcomes, o => o.Value is
        {
            PoolId: "deals/television", Event: AllocationOutcomeEvent.Extended,
        });
        await Proof.VerifyAsync(quiet);
    }

    private static void CheckWhatWasSeen(WatchedDay day)
    {
        // The stage ages, second by second, until it is beyond its SLA, and is young again.
        var oldest = day.Ages.IndexOf(day.Ages.Max());
        Assert.InRange(day.Ages[oldest], Sla.TotalSeconds, 3 * Story.HoldMs / 1_000.0);
        Assert.InRange(day.Ages.Take(oldest).Min(), 0, Sla.TotalSeconds / 2);
        Assert.InRange(day.Ages.TakeLast(day.Ages.Count - oldest).Min(), 0, Sla.TotalSeconds / 2);

        // The page's expression was false, became true, and is false again; so was that of the holds at risk.
        Assert.False(IsBreached(day.Scrapes[0]));
        Assert.Contains(day.Scrapes, IsBreached);
        Assert.Contains(day.Scrapes, s => s.GetValueOrDefault("alloc_stage_holds_at_risk")
            > Thresholds.Shipped["HoldsAtRisk"].Number("above"));
        Assert.Contains(true, day.IsModeShown);

        var on = day.Switches.First(s => (bool)s["on"]!);
        Assert.StartsWith($"breachedShare of {Fraud} is 0.", (string)on["reason"]!, StringComparison.Ordinal);
        Assert.EndsWith("at or above 0.2", (string)on["reason"]!, StringComparison.Ordinal);
    }

    /// <summary>The condition of the page StageSlaBreach, of the series that its expression reads.</summary>
    private static bool IsBreached(Dictionary<string, double> scrape)
    {
        var rules = RuleBook.Groups(Thresholds.Shipped, Watched).SelectMany(g => g.Rules).ToList();
        var share = rules.OfType<RecordingRule>().Single(r => r.Name == "stage:alloc_stage_breached:ratio");
        Assert.Equal(
            "max by (stage) (alloc_stage_breached_items) / (stage:alloc_stage_items:max > 0)", share.Expression);
        var limit = rules.OfType<RecordingRule>().Single(r => r.Name == "stage:alloc_stage_page_share:limit"
            && r.Labels.Contains(("stage", Fraud)));
        Assert.Equal($"vector({Watched.Stages.Single(s => s.Id == Fraud).PageShare})", limit.Expression);
        Assert.Contains(rules.OfType<AlertRule>(), r => r is { Name: "StageSlaBreach", Severity: Severity.Page }
            && r.Expression.Contains($"{share.Name} > on (stage) max by (stage) ({limit.Name})"));

        var items = scrape.GetValueOrDefault("alloc_stage_items");
        return items >= Thresholds.Shipped["StageSlaBreach"].Number("leastItems")
            && scrape["alloc_stage_breached_items"] / items > Watched.Stages.Single(s => s.Id == Fraud).PageShare;
    }

    /// <summary>Holds that expired while their order waited for fraud, with the time.</summary>
    private static Dictionary<string, long> ExpiredInFraud(
        IEnumerable<AllocationOutcome> outcomes, List<(long AtMs, StageEvent Value)> stages)
    {
        var fraud = stages.Where(s => s.Value.StageId == Fraud).ToList();
        var entered = Times(fraud.Where(s => s.Value.Kind == StageEventKind.Entered));
        var decided = Times(fraud.Where(s => s.Value is
        {
            Kind: StageEventKind.Left, Result: StageResult.Completed,
        }));
        return outcomes.Where(o => o.Event is AllocationOutcomeEvent.Expired)
            .Select(o => (((AllocationOutcomeEvent.Expired)o.Event).ReservationId, o.TMs))
            .Where(e => entered.TryGetValue(e.ReservationId, out var atMs) && atMs <= e.TMs
                && (!decided.TryGetValue(e.ReservationId, out var untilMs) || untilMs > e.TMs))
            .ToDictionary(e => e.ReservationId, e => e.TMs, StringComparer.Ordinal);
    }

    private static Dictionary<string, long> Times(IEnumerable<(long AtMs, StageEvent Value)> events) =>
        events.ToDictionary(s => s.Value.Reservations.Single().ReservationId, s => s.AtMs, StringComparer.Ordinal);

    // What expired in the stage was named before; whoever asked for the list saw some of that in time.
    private static void CheckNames(Dictionary<string, long> expired, List<AgingAlert> alerts, WatchedDay day)
    {
        var named = alerts.Where(a => a.Kind == AgingKind.HoldAtRisk).ToLookup(a => a.ReservationId!);
        Assert.NotEmpty(expired);
        Assert.All(alerts.Where(a => a.Kind == AgingKind.HoldAtRisk), a => Assert.True(a.AtMs < a.ExpiresAtMs));
        var unnamed = expired.Where(e => !named[e.Key].Any(a => a.StageId == Fraud && a.AtMs < e.Value)).ToList();
        Assert.True(
            unnamed.Count == 0, $"{unnamed.Count} of {expired.Count} expired and were not named before: "
            + string.Join(", ", unnamed.Take(20)));
        Assert.Contains(expired.Keys, id => day.AtRisk.GetValueOrDefault(id) > 1);
    }

    private static void CheckModes(List<ModeState> modes)
    {
        var row = Catalogue.Mode(Mode)!;
        var (on, off) = (modes[0], modes[1]);
        Assert.All(modes, m => Assert.Equal((Mode, Fraud, null, true), (m.Mode, m.StageId, m.Person, m.Decided)));
        Assert.Equal((true, false), (on.On, off.On));
        Assert.Equal((row.OnAt, row.OffAt), (on.Threshold!.Value, off.Threshold!.Value));
        Assert.InRange(on.Value!.Value, row.OnAt, 1);
        Assert.InRange(off.Value!.Value, 0, row.OffAt);
        Assert.InRange(off.SinceMs - on.SinceMs, (long)row.MinimumDwell.TotalMilliseconds, long.MaxValue);
        Assert.Equal(on.Episode, off.Episode);
    }
}
