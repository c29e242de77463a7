using Alloc.Engine.State;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Schemas.Reconciliation;
using FsCheck;
using FsCheck.Fluent;
using static Topology.Tests.Reconciliation.Mismatches.MismatchDriver;

namespace Topology.Tests.Reconciliation.Mismatches;

/// <summary>
/// What must hold however differences, answers, decisions, time and restarts come between each other.
/// </summary>
public sealed class MismatchPropertyTests
{
    private static readonly Config Thorough = Properties.Of(60).WithEndSize(120);

    private static readonly HashSet<(string, string)> Allowed =
    [
        ("", "Open"), ("Open", "Proposed"), ("Open", "Approved"), ("Open", "Accepted"), ("Open", "ClosedBySelf"),
        ("Open", "Repaired"), ("Proposed", "Approved"), ("Proposed", "Open"), ("Proposed", "Accepted"),
        ("Proposed", "ClosedBySelf"), ("Proposed", "Repaired"), ("Approved", "Repairing"), ("Approved", "Open"),
        ("Approved", "Accepted"), ("Approved", "ClosedBySelf"), ("Approved", "Repaired"), ("Repairing", "Open"),
        ("Repairing", "Repaired"), ("Accepted", "Open"), ("Accepted", "ClosedBySelf"),
    ];

    [Fact]
    public void No_interleaving_sends_an_attempt_twice_or_leaves_the_states_that_there_are() => ForAll(keeper =>
    {
        foreach (var ofOne in keeper.Events().Where(e => e.MismatchId.Length > 0).GroupBy(e => e.MismatchId))
        {
            var state = "";
            foreach (var told in ofOne.Where(e => e.State is not null))
            {
                var next = told.State.ToString()!;
                Assert.True(
                    next == state || Allowed.Contains((state, next)), $"{told.MismatchId}: {state} to {next}");
                state = next;
            }
            var sent = ofOne.Where(e => e.Kind == MismatchEventKind.RepairSent).Select(e => e.Attempt).ToList();
            Assert.Equal(Enumerable.Range(1, sent.Count), sent);
        }
        var commands = keeper.Events().Where(e => e.Kind == MismatchEventKind.RepairSent).Select(e => e.CommandId);
        Assert.Equal(commands, commands.Distinct());
        Assert.Equal(
            keeper.Commands().Select(c => c.CommandId), keeper.Commands().Select(c => c.CommandId).Distinct());
        Assert.Equal(
            commands.Order(StringComparer.Ordinal),
            keeper.Commands().Select(c => c.CommandId).Where(c => !c.EndsWith("/approve", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
    });

    [Fact]
    public void Who_asked_for_a_forced_release_never_approved_it() => ForAll(keeper =>
    {
        foreach (var force in keeper.Commands().Where(
            c => c.Body is Alloc.Schemas.Allocation.AllocationCommandBody.ForceRelease))
        {
            var approve = Assert.Single(keeper.Commands(), c => c.CommandId == force.CommandId + "/approve");
            Assert.NotEqual(force.Actor.Id, approve.Actor.Id);
            Assert.DoesNotContain("reconciliation", new[] { force.Actor.Id, approve.Actor.Id });
        }
    });

    [Fact]
    public void Lists_counts_and_timers_are_those_of_what_is_kept() => ForAll(keeper =>
    {
        var kept = keeper.Driver.GetStore<IKeyValueStore<string, KeptMismatch>>(MismatchStores.Kept).All()
            .Select(e => e.Value).ToList();

        var lists = keeper.Driver.GetStore<IKeyValueStore<OpenKey, OpenMismatch>>(MismatchStores.Open).All();
        Assert.Equal(
            kept.SelectMany(k => MismatchFacets.Of(k.Mismatch).Select(f =>
                (f, k.Mismatch.MismatchId, MismatchFacets.LineOf(k.Mismatch)))).OrderBy(l => l.f)
                .ThenBy(l => l.MismatchId),
            lists.Select(e => (e.Key.Facet, e.Key.MismatchId, e.Value)).OrderBy(l => l.Facet)
                .ThenBy(l => l.MismatchId));

        var tallies = keeper.Driver.GetStore<IKeyValueStore<TallyKey, MismatchTally>>(MismatchStores.Tallies).All();
        Assert.Equal(
            kept.SelectMany(MismatchTallies.Of).GroupBy(t => t).Select(g => (g.Key.ToString(), g.LongCount())).Order(),
            tallies.Where(t => t.Key.What is MismatchTallies.Open or MismatchTallies.Queue or MismatchTallies.Overdue)
                .Select(t => (t.Key.ToString(), t.Value.Count)).Order());

        var timers = keeper.Driver.GetStore<ITimeIndex<string>>(MismatchStores.Timers).Until(long.MaxValue - 1);
        Assert.Equal(
            kept.Where(k => MismatchTimers.NextAtMs(k) is not null)
                .Select(k => (MismatchTimers.NextAtMs(k)!.Value, k.Mismatch.MismatchId)).Order(),
            timers.Select(t => (t.Key, t.Value)).Order());
        Assert.All(kept, k => Assert.Equal(k.Mismatch, keeper.Published(k.Mismatch.MismatchId), SameRecord));
    });

    private static bool SameRecord(Mismatch? one, Mismatch? other) =>
        $"{one! with { Left = null!, Right = null!, Exception = null }}"
        == $"{other! with { Left = null!, Right = null!, Exception = null }}";

    private static void ForAll(Action<MismatchDriver> check) => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte, byte, byte)[]>(), steps =>
        {
            using var keeper = new MismatchDriver();
            foreach (var (what, which, how) in steps)
            {
                Step(keeper, what, $"m{which % 4}", how);
            }
            check(keeper);
        }).Check(Thorough);

    private static void Step(MismatchDriver keeper, byte what, string id, byte how)
    {
        switch (what % 13)
        {
            case 0 or 1 or 2:
                keeper.Say(Of(id, how));
                break;
            case 3:
                keeper.End(id);
                break;
            case 4:
                keeper.Answer(id, Attempt(keeper, id, how));
                break;
            case 5:
                keeper.Answer(id, Attempt(keeper, id, how), "Rejected", "VersionMismatch");
                break;
            case 6 or 7:
                keeper.Decide(id, DecisionKind.Approve, how % 2 == 0 ? "anna" : "ben");
                break;
            case 8:
                keeper.Decide(
                    id, (DecisionKind)(2 + (how % 3)), untilMs: how % 2 == 0 ? keeper.NowMs + 30_000 : null);
                break;
            case 9:
                keeper.Run(how % 3 == 0 ? id : "*", how % 2 == 0 ? "anna" : "ben", id: $"run-{keeper.NowMs}-{how}");
                break;
            case 10:
                keeper.Pass(TimeSpan.FromMilliseconds(100 * (1 + (how % 5))));
                break;
            case 11:
                keeper.PassLong(TimeSpan.FromSeconds(how % 4 == 0 ? 301 : 61), TimeSpan.FromSeconds(20));
                break;
            default:
                Restart(keeper, how);
                break;
        }
    }

    // The last one, and at times the one before.
    private static int Attempt(MismatchDriver keeper, string id, byte how) =>
        (keeper.Kept(id)?.Mismatch.Attempts ?? 0) - (how % 5 == 0 ? 1 : 0);

    private static void Restart(MismatchDriver keeper, byte how)
    {
        if (how % 2 == 0)
        {
            keeper.Driver.RestartFromJournal();
        }
        else
        {
            keeper.Driver.Kill();
        }
    }

    // Each id has a class; what its repair is changes at times.
    private static Difference Of(string id, byte how) => id switch
    {
        "m0" => Stands(id, Late, Tick(), right: how % 3),
        "m1" => Stands(id, Zombie, how % 4 == 0 ? null : Release(how % 3), right: how % 2),
        "m2" => Stands(id, Dead, Force() with { ExpectedVersion = how % 2 }),
        _ => Stands(id, Late, how % 3 == 0 ? Force() : Tick(how % 3), right: how % 3),
    };
}
