using Alloc.Processors.Catalogue;
using Alloc.Processors.Shadow.Differences;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Shadow;

/// <summary>
/// Each class, each way that it shows, and the story that only looks like it: through both ledgers, so that what
/// differs really does.
/// </summary>
public sealed class ShadowClassifierTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(31);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Later = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MuchLater = TimeSpan.FromMinutes(20);

    private static readonly ShadowRuleRow Rule =
        new("erp-lends", ShadowRuleClass.HiddenRule, "sales", "The ERP lends dealers what comes in tomorrow.")
        {
            Shadow = ["Rejected InsufficientAvailability"],
            Commands = [CommandKind.Hold],
        };

    // What happens between the opening of the pool with 5 units and the end of the day.
    private static readonly Dictionary<string, (Action<ComparedJournals> Day, string[] Expected)> Stories = new()
    {
        ["granted and used"] = (day => { day.Hold("r", 5); Use(day, "r", 5); }, []),
        ["refused and used"] = (day => { Refuse(day, "r", 7); Use(day, "r", 7, more: 2); }, ["Consumed Unclassified"]),
        ["refused and imported"] =
            (day => { Refuse(day, "r", 6); Take(day, "r", 4); }, ["Imported Unclassified"]),
        ["blocked before the shadow began"] = (Unblock, ["Decision Unclassified"]),

        ["a fact with a later number was there: used"] = (
            day => { Overtaken(day); Use(day, "r", 7); }, ["Consumed StaleSource erp"]),
        ["a fact with a later number was there: imported"] = (
            day => { Overtaken(day); Take(day, "r", 7); }, ["Imported StaleSource erp"]),
        ["a fact with a later number came after the decision"] = (
            day =>
            {
                Refuse(day, "r", 7);
                day.After(Later);
                day.Supply(3, 1);
                day.Supply(2, 2);
                Use(day, "r", 7);
            },
            ["Consumed Unclassified"]),
        ["a late fact of fewer units than were missing"] = (
            day => { Overtaken(day, units: 1); day.Supply(4, 1); Use(day, "r", 7); }, ["Consumed Unclassified"]),
        ["a fact with a number below the version of a count"] = (
            day =>
            {
                day.Count(version: 9, 6);
                day.After(TimeSpan.FromMinutes(1));
                Refuse(day, "r", 8);
                day.After(Later);
                day.Supply(2, 2);
                Use(day, "r", 7);
            },
            ["Consumed Unclassified"]),
        ["a command made before the decision arrived after it"] = (
            day =>
            {
                var before = day.NowMs;
                day.After(Later);
                Refuse(day, "r", 7);
                day.After(Later);
                day.Send(ComparedJournals.Pool, Numbered(2), issuedAtMs: before);
                Use(day, "r", 7);
            },
            ["Consumed StaleSource hand"]),
        ["a command made after the decision"] = (
            day =>
            {
                Refuse(day, "r", 7);
                day.After(Later);
                day.Send(ComparedJournals.Pool, Numbered(2));
                Use(day, "r", 7);
            },
            ["Consumed Unclassified"]),
        ["granted on supply that had just gone"] = (
            day =>
            {
                day.Supply(2, -3);
                day.After(Later);
                Refuse(day, "r", 4);
                Use(day, "r", 2);
            },
            ["Consumed StaleSource erp"]),
        ["granted on supply that had gone long before"] = (
            day =>
            {
                day.Supply(2, -3);
                day.After(MuchLater);
                Refuse(day, "r", 4);
                Use(day, "r", 2);
            },
            ["Consumed Unclassified"]),
        ["a fact that the authority had before"] = (
            day => { day.Configure(ComparedJournals.Old); day.Supply(1, 9, ComparedJournals.Old); },
            ["Decision StaleSource erp"]),
        ["a fact that neither had before"] = (
            day => { day.Configure(ComparedJournals.Old); day.Supply(2, 9, ComparedJournals.Old); }, []),

        ["used twice"] = (
            day => { day.Hold("r", 2); Use(day, "r", 2); Use(day, "r", 2); }, ["Consumed LegacyDefect used twice"]),
        ["used, returned and used again"] = (
            day =>
            {
                day.Hold("r", 2);
                Use(day, "r", 2);
                day.Send(ComparedJournals.Pool, new AllocationCommandBody.Return
                {
                    ReservationId = "r",
                    Quantity = 2,
                    ConsumeId = "back",
                    Disposition = ReturnDisposition.Free,
                });
                day.After(Grace);
                Use(day, "r", 2);
            },
            []),
        ["used in two parts"] = (day => { day.Hold("r", 2); Use(day, "r", 1); Use(day, "r", 1); }, []),
        ["imported with more than was asked for"] = (
            day => { day.Hold("r", 2); Take(day, "r", 3); }, ["Imported LegacyDefect used twice"]),
        ["imported after a part was used"] = (
            day => { day.Hold("r", 3); day.Confirm("r"); Use(day, "r", 1); Take(day, "r", 2); }, []),
        ["used after its release"] = (
            day => { day.Hold("r", 2); day.Release("r"); day.After(Later); Use(day, "r", 2); },
            ["Consumed LegacyDefect finished"]),
        ["used after the release of what was refused"] = (
            day => { Refuse(day, "r", 7); day.Release("r"); day.After(Later); Use(day, "r", 4); },
            ["Consumed LegacyDefect finished"]),
        ["an answer that used more than was asked for"] = (
            day => UseOld(day, told: 2),
            ["Decision LegacyDefect used twice", "Consumed LegacyDefect used twice"]),
        ["an answer that used what was asked for"] = (day => UseOld(day, told: 4), []),
        ["used before its release"] = (
            day =>
            {
                day.Hold("r", 2);
                day.Consume("r", 2);
                day.After(TimeSpan.FromSeconds(5));
                day.Release("r");
                day.After(Later);
            },
            []),
        ["the rest used after a part was released"] = (
            day => { day.Hold("r", 3); day.Release("r", 1); day.After(Later); Use(day, "r", 2); }, []),
        ["imported after its release"] = (
            day => { day.Hold("r", 2); day.Release("r"); day.After(Later); Take(day, "r", 2); },
            ["Imported LegacyDefect finished"]),
        ["more used of the pool than there ever was"] = (
            day => { day.Hold("s", 5); Use(day, "s", 5); Refuse(day, "r", 2); Use(day, "r", 2); },
            ["Consumed LegacyDefect never there"]),
        ["more imported of the pool than there ever was"] = (
            day => { day.Hold("s", 5); Use(day, "s", 5); Refuse(day, "r", 2); Take(day, "r", 2); },
            ["Imported LegacyDefect never there"]),

        ["a waiter was granted soon after"] = (
            day =>
            {
                day.Hold("s", 5);
                day.Hold("r", 2, mode: HoldMode.Waitlist);
                Use(day, "r", 2);
                day.After(TimeSpan.FromSeconds(10));
                day.Release("s");
            },
            ["Consumed TimingLag"]),
        ["a waiter was granted much later"] = (
            day =>
            {
                day.Hold("s", 5);
                day.Hold("r", 2, mode: HoldMode.Waitlist);
                Use(day, "r", 2);
                day.After(Later);
                day.Release("s");
            },
            ["Consumed Unclassified"]),
        ["an answer whose waiter was granted soon after"] = (
            day => UseOldOfWaiter(day, before: TimeSpan.FromSeconds(10)), ["Consumed TimingLag", "Decision TimingLag"]),
        ["an answer whose waiter was granted much later"] = (
            day => UseOldOfWaiter(day, before: Later), ["Decision Unclassified", "Consumed Unclassified"]),
        ["supply came soon after"] = (
            day => { Refuse(day, "r", 7); day.After(Soon); day.Supply(2, 2); Use(day, "r", 7); },
            ["Consumed TimingLag"]),
        ["supply came soon after: imported"] = (
            day => { Refuse(day, "r", 7); day.After(Soon); day.Supply(2, 2); Take(day, "r", 7); },
            ["Imported TimingLag"]),
        ["supply came much later"] = (
            day => { Refuse(day, "r", 7); day.After(Later); day.Supply(2, 2); Use(day, "r", 7); },
            ["Consumed Unclassified"]),
    };

    public static TheoryData<string> Names => [.. Stories.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_story_gets_its_class_and_what_only_looks_like_it_does_not(string story)
    {
        var (happen, expected) = Stories[story];
        using var day = new ComparedJournals().Stocked(5);
        happen(day);
        day.After(Later);

        var comparison = day.Compare();

        Assert.Equal(expected, Said(comparison));
    }

    [Theory]
    [InlineData("refused and used", "Consumed HiddenRule erp-lends")]
    [InlineData("refused and imported", "Imported HiddenRule erp-lends")]
    [InlineData("blocked before the shadow began", "Decision DeliberatePolicy recount")]
    [InlineData("used after the release of what was refused", "Consumed LegacyDefect finished")]
    [InlineData("supply came soon after", "Consumed TimingLag")]
    public void A_rule_explains_what_matches_it_and_the_log_does_not_prove(string story, string expected)
    {
        using var day = new ComparedJournals().Stocked(5);
        Stories[story].Day(day);
        day.After(Later);

        var recount = new ShadowRuleRow("recount", ShadowRuleClass.DeliberatePolicy, "warehouse", "Counted anew.")
        {
            Shadow = ["Rejected ExceedsBlocked"],
        };

        var comparison = day.Compare(Rule, recount);

        Assert.Equal([expected], Said(comparison));
    }

    [Fact]
    public void Of_a_request_from_before_the_journal_was_read_nothing_is_claimed()
    {
        using var day = new ComparedJournals().Stocked(5);
        day.Hold("s", 5);
        day.Hold("r", 2, mode: HoldMode.Waitlist);
        day.Release("s");
        day.Send(ComparedJournals.Pool, new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 3 });
        day.Confirm("r");
        Use(day, "r", 3);
        var comparison = new ShadowComparison(new ShadowComparisonOptions { ExampleCount = 9 });

        foreach (var outcome in day.ShadowJournal.SkipWhile(o => o.Event is not AllocationOutcomeEvent.Promoted))
        {
            comparison.Shadow(outcome);
        }
        foreach (var outcome in day.AuthorityJournal)
        {
            comparison.Authority(outcome);
        }
        comparison.FinishPartition();

        Assert.Empty(comparison.Examples);
        Assert.Equal([(ShadowEvidence.Consumed, ShadowClass.Match)], comparison.Evidence.Select(e => e.Key));
    }

    [Fact]
    public void Of_two_rules_that_match_the_first_decides_and_says_owner_and_reason()
    {
        using var day = new ComparedJournals().Stocked(5);
        Refuse(day, "r", 6);
        Take(day, "r", 4);
        var wide = new ShadowRuleRow("all", ShadowRuleClass.DeliberatePolicy, "ops", "Agreed.")
        {
            Recorded = ["Imported"],
        };

        var group = Assert.Single(day.Compare(Rule, wide).Groups);
        var other = Assert.Single(day.Compare(wide, Rule).Groups);

        Assert.Equal(new ShadowGroupKey(ShadowClass.HiddenRule, "erp-lends", "sales"), group.Key);
        Assert.Equal((1, 4L, Rule.Because), (group.Value.Count, group.Value.Units, group.Value.Why));
        Assert.Equal(new ShadowGroupKey(ShadowClass.DeliberatePolicy, "all", "ops"), other.Key);
    }

    [Theory]
    [InlineData("pools", false)]
    [InlineData("command", false)]
    [InlineData("shadow", false)]
    [InlineData("recorded", false)]
    [InlineData("classes", false)]
    [InlineData("from", false)]
    [InlineData("until", false)]
    [InlineData("", true)]
    public void Every_condition_of_a_rule_has_to_hold(string broken, bool expected)
    {
        var difference = new ShadowDifference
        {
            PoolId = "spare-1",
            Evidence = ShadowEvidence.Consumed,
            Command = CommandKind.Hold,
            Id = "r",
            DecidedAtMs = 1_000,
            SeenAtMs = 9_000,
            ArrivedAtMs = 9_000,
            Shadow = "Rejected QuotaExceeded",
            Recorded = "Consumed",
            PriorityClass = "web",
        };
        var rule = Rule with
        {
            Pools = [new(broken == "pools" ? "spare-2" : "spare-*")],
            Commands = [broken == "command" ? CommandKind.Amend : CommandKind.Hold],
            Shadow = [broken == "shadow" ? "Rejected WaitlistFull" : "Rejected"],
            Recorded = [broken == "recorded" ? "Imported" : "Consumed"],
            Classes = [broken == "classes" ? "dealer" : "web"],
            FromMs = broken == "from" ? 1_001 : 1_000,
            UntilMs = broken == "until" ? 1_000 : 1_001,
        };

        Assert.Equal(expected, ShadowRules.IsFor(rule, difference));
    }

    private static void Use(ComparedJournals day, string id, long units, long more = 0)
    {
        // Without these the other system would have given what was never there.
        if (more > 0)
        {
            day.After(Later);
            day.Supply(2, more);
        }
        day.Consume(id, units);
        day.After(Grace);
    }

    private static void Take(ComparedJournals day, string id, long units)
    {
        day.Freeze();
        day.Import(id, units);
    }

    private static void Refuse(ComparedJournals day, string id, long units)
    {
        day.Hold(id, units);
        Assert.IsType<AllocationOutcomeEvent.Rejected>(day.ShadowJournal[^1].Event);
    }

    // Two units came before one that arrived before the decision, and are told of long after it.
    private static void Overtaken(ComparedJournals day, long units = 2)
    {
        day.Supply(3, 1);
        day.After(TimeSpan.FromMinutes(1));
        Refuse(day, "r", 8);
        day.After(Later);
        day.Supply(2, units);
    }

    private static AllocationCommandBody.SupplyDelta Numbered(long units) =>
        new() { Source = "hand", Quantity = units };

    private static void Unblock(ComparedJournals day)
    {
        day.Configure(ComparedJournals.Old);
        day.Send(ComparedJournals.Old, new AllocationCommandBody.Unblock { Quantity = 2, Reason = "found" });
    }

    // The authority knows a reservation of 4 units from before; the shadow knows what it was told of it.
    private static void UseOld(ComparedJournals day, long told)
    {
        day.Configure(ComparedJournals.Old);
        day.Supply(2, 10, ComparedJournals.Old);
        day.Import("o", told, ComparedJournals.Old);
        day.Consume("o", 4, ComparedJournals.Old);
        day.After(Grace);
    }

    private static void UseOldOfWaiter(ComparedJournals day, TimeSpan before)
    {
        day.Configure(ComparedJournals.Old);
        day.Supply(2, 4, ComparedJournals.Old);
        day.Hold("s", 4, ComparedJournals.Old);
        day.Hold("o", 4, ComparedJournals.Old, HoldMode.Waitlist);
        day.Consume("o", 4, ComparedJournals.Old);
        day.After(before);
        day.Supply(3, 9, ComparedJournals.Old);
    }

    private static IEnumerable<string> Said(ShadowComparison comparison)
    {
        var shown = comparison.Examples.Select(e => $"{e.Difference.Evidence} {e.Verdict.Class} {e.Verdict.By}".Trim());
        var lags = comparison.Evidence.Where(e => e.Key.Class == ShadowClass.TimingLag)
            .SelectMany(e => Enumerable.Repeat($"{e.Key.Evidence} TimingLag", e.Value));
        var answers = comparison.Rows.Where(r => r.Key.Class == ShadowClass.TimingLag)
            .SelectMany(r => Enumerable.Repeat("Decision TimingLag", r.Value));
        return shown.Concat(lags).Concat(answers);
    }
}
