using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;
using FsCheck;
using FsCheck.Fluent;

namespace Topology.Tests.Model;

/// <summary>
/// Whatever is decided at t about a reservation, its own expiry that is due by t comes first: after outages of any
/// length, however few timers fire for one record, whoever has authority, and in the shadow too.
/// </summary>
public sealed class ExpiryFirstPropertyTests
{
    private const int ScriptLength = 60;
    private const string Rule = "an expiry that is due comes before whatever else is decided";

    public static TheoryData<string, int, LedgerRole> Runs()
    {
        var runs = new TheoryData<string, int, LedgerRole>();
        foreach (var policy in ModelPolicies.Decided)
        {
            runs.Add(policy.Name, 1, LedgerRole.Authority);
            runs.Add(policy.Name, 3, LedgerRole.Authority);
            runs.Add(policy.Name, 1_000, LedgerRole.Authority);
            runs.Add(policy.Name, 2, LedgerRole.Shadow);
        }
        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Nothing_is_decided_about_a_reservation_that_is_due_before_it_has_expired(
        string name, int timersPerRecord, LedgerRole role)
    {
        var policy = ModelPolicies.Named(name);
        Prop.ForAll(Histories.For(policy, ScriptLength), script =>
        {
            Check(policy, timersPerRecord, role, WithOutages(script));
        }).Check(Properties.Of(150));
    }

    [Theory]
    [InlineData("plain", 1_000, "hold r1 2 ttl=32000", "consume r1 1 m1", "wait 60000", "tick")]
    [InlineData(
        "plain", 2, "hold r1 2 ttl=29000", "confirm r1 1 keep", "force r1 by=eve #f0", "@b hold q 1",
        "@b supply 9 erp=1", "@b hold q1 1 ttl=1000", "@b hold q2 1 ttl=1000", "wait 60000", "approve f0 by=ann")]
    [InlineData(
        "preempting", 1_000, "hold r1 5 ttl=3000 class=field", "hold r2 5 ttl=5000 class=web",
        "hold r3 6 class=gold wait", "wait 60000", "tick")]
    [InlineData(
        "preempting", 1, "hold r1 5 ttl=1000 class=gold", "hold r2 5 ttl=2000 class=web", "wait 60000",
        "hold r3 8 class=field")]
    [InlineData(
        "taking", 1, "hold r1 5 ttl=2000 class=web customer=bob", "hold r2 2 ttl=1000 class=web", "wait 60000",
        "reassign r2 customer=ann", "hold r3 4 class=web customer=ann")]
    [InlineData(
        "best effort", 1, "hold r1 5 ttl=1000 class=gold", "hold r2 5 ttl=2000 class=web", "wait 60000", "block 9")]
    [InlineData("plain", 1, "hold r1 5 ttl=1000", "hold r2 5 ttl=2000", "wait 60000", "return r2 1 n1")]
    [InlineData("plain", 1, "hold r1 5 ttl=1000", "hold r2 5 ttl=2000", "wait 60000", "split r1 r2=1")]
    public void What_is_due_has_expired_when_something_else_is_decided(
        string name, int timersPerRecord, params string[] script) =>
        Check(ModelPolicies.Named(name), timersPerRecord, LedgerRole.Authority, script);

    // Every few records nobody was there for longer than a hold lives, or grace lasts.
    private static IEnumerable<string> WithOutages(string[] script) => script
        .Where(l => !l.StartsWith("policy", StringComparison.Ordinal))
        .SelectMany((line, index) => (index % 9) switch
        {
            4 => ["wait 31000", line],
            7 => ["wait 9000", line],
            _ => new[] { line },
        });

    private static void Check(NaivePolicy policy, int timersPerRecord, LedgerRole role, IEnumerable<string> script)
    {
        var bounded = policy.Write();
        bounded = bounded with { Limits = bounded.Limits with { TimersPerRecord = timersPerRecord } };
        var run = new LedgerRun(bounded, role);
        string[] setUp = ["configure service=60000", "supply 10 erp=1"];
        string[] lines =
        [
            .. role == LedgerRole.Shadow ? ["authority shadow epoch=1"] : Array.Empty<string>(), .. setUp, .. script,
        ];
        foreach (var line in lines)
        {
            run.Run(new ScriptLine(InRole(line, role)));
        }
        CheckJournal(run, [$"policy {policy}, {timersPerRecord} timers a record", .. lines]);
    }

    // In another role, whoever decides says so in another mode; now and then another system has authority.
    private static string InRole(string line, LedgerRole role) =>
        !line.StartsWith("authority authoritative", StringComparison.Ordinal) ? line
        : role == LedgerRole.Shadow ? line.Replace("authoritative", "shadow", StringComparison.Ordinal)
        : line.EndsWith('7') ? line.Replace("authoritative", "legacy", StringComparison.Ordinal) : line;

    private static void CheckJournal(LedgerRun run, string[] script)
    {
        var state = new InMemoryLedgerState();
        foreach (var outcome in run.Journal)
        {
            foreach (var after in outcome.After)
            {
                CheckTouched(state, outcome, after.ReservationId, script);
            }
            foreach (var id in outcome.Entries.Select(e => e.ReservationId).OfType<string>())
            {
                CheckTouched(state, outcome, id, script);
            }
            var command = run.Sent.FirstOrDefault(
                c => c.CommandId == outcome.CommandId && c.PoolId == outcome.PoolId);
            if (outcome.Original && command is not null)
            {
                foreach (var id in Named(command.Body))
                {
                    CheckTouched(state, outcome, id, script);
                }
            }
            Evolve.Apply(state, outcome);
        }
    }

    private static void CheckTouched(
        InMemoryLedgerState state, AllocationOutcome outcome, string reservationId, string[] script)
    {
        if (state.GetReservation(outcome.PoolId, reservationId) is not { } before)
        {
            return;
        }
        var dueAt = before.Held > 0 ? before.ExpiresAtMs : before.Waiting > 0 ? before.WaitUntilMs : null;
        var isItsExpiry = outcome.Event switch
        {
            AllocationOutcomeEvent.Expired expired => expired.ReservationId == reservationId,
            AllocationOutcomeEvent.Extended { ByMode: not null } putOff => putOff.ReservationId == reservationId,
            _ => false,
        };
        if (dueAt <= outcome.TMs && !isItsExpiry)
        {
            throw new BrokenRuleException(
                Rule, $"{OutcomeChecks.Name(outcome)} ({outcome.Event}) at {outcome.TMs} is about {reservationId}, "
                + $"which was due at {dueAt} and holds {before.Held}, waits for {before.Waiting}", script);
        }
    }

    private static IEnumerable<string> Named(AllocationCommandBody body) => body switch
    {
        AllocationCommandBody.Hold hold when hold.Lines.Count > 0 => hold.Lines.Select(l => l.ReservationId),
        AllocationCommandBody.Hold hold => [hold.ReservationId!],
        AllocationCommandBody.Confirm confirm => [confirm.ReservationId],
        AllocationCommandBody.Release release => [release.ReservationId],
        AllocationCommandBody.Consume consume => [consume.ReservationId],
        AllocationCommandBody.Return returned => [returned.ReservationId],
        AllocationCommandBody.Extend extend => [extend.ReservationId],
        AllocationCommandBody.Amend amend => [amend.ReservationId],
        AllocationCommandBody.Split split =>
            [split.ReservationId, .. split.Parts.Select(p => p.ReservationId)],
        AllocationCommandBody.Reassign reassign => [reassign.ReservationId],
        AllocationCommandBody.ForceRelease force => [force.ReservationId],
        AllocationCommandBody.Import import => [import.ReservationId],
        AllocationCommandBody.Repair { ReservationId: { } id } => [id],
        _ => [],
    };
}
