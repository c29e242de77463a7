using Alloc.Processors.Catalogue;
using Alloc.Processors.Shadow.Differences;
using Alloc.Schemas.Allocation;
using Topology.Tests.Cases;
using Topology.Tests.Catalogue;

namespace Topology.Tests.Shadow;

/// <summary>
/// A manufacturer of spare parts runs one region in shadow beside its ERP for a day. The ERP grants what the shadow
/// does, but for the faults that are planted.
/// </summary>
public sealed class ShadowDayTests
{
    private static readonly string[] Parts = ["parts/gearbox", "parts/pump", "parts/valve"];
    private static readonly string[] Classes = ["field-service", "dealer", "web"];

    private static readonly ShadowRuleRow[] Rules =
    [
        new("erp-lends-dealers", ShadowRuleClass.HiddenRule, "sales", "The ERP lets dealers exceed their quota.")
        {
            Commands = [CommandKind.Hold],
            Shadow = ["Rejected QuotaExceeded"],
            Classes = ["dealer"],
        },
        new("five-for-technicians", ShadowRuleClass.DeliberatePolicy, "service", "Agreed with service: five are kept.")
        {
            Shadow = ["Rejected InsufficientAvailability, ProtectedForHigherClass"],
        },
    ];

    private static readonly string[] Planted =
    [
        "TimingLag  1: 4", "StaleSource erp 1: 8", "HiddenRule erp-lends-dealers 6: 72",
        "LegacyDefect used twice 2: 4", "LegacyDefect finished 1: 2", "DeliberatePolicy five-for-technicians 5: 5",
        "Unclassified  1: 1",
    ];

    [Fact]
    public void Planted_faults_are_found_as_what_they_are()
    {
        using var day = Lived(withFaults: true);

        var comparison = day.Compare(Rules);

        Assert.Equal(Planted, Said(comparison));
        Assert.True(Matches(comparison) > 100, $"{Matches(comparison)} granted by both");
        Assert.Equal(16, comparison.Examples.Count);
        Assert.All(comparison.Examples, e => Assert.NotEmpty(e.Verdict.Why));
    }

    [Fact]
    public void The_same_day_without_them_has_no_difference()
    {
        using var day = Lived(withFaults: false);

        var comparison = day.Compare();

        Assert.Empty(Said(comparison));
        Assert.Empty(comparison.Examples);
        Assert.True(Matches(comparison) > 100, $"{Matches(comparison)} granted by both");
    }

    [Fact]
    public void Whoever_watches_both_journals_grow_counts_the_same()
    {
        using var day = Lived(withFaults: true);

        Assert.Equal(Planted, Said(day.Follow(Rules)));
    }

    [Fact]
    public void Rows_that_are_proposed_explain_what_they_were_proposed_for()
    {
        using var day = Lived(withFaults: true);

        var proposed = day.Compare().Candidates(least: 5);
        var rows = proposed.Select(candidate => CatalogueTexts.Read(
            $"{CatalogueTexts.Smallest}shadowRules:\n  - {candidate.Text}\n").ShadowRules[0]);

        Assert.Equal(
            [
                ("Rejected QuotaExceeded", "parts/axle", 6),
                ("Rejected InsufficientAvailability, ProtectedForHigherClass", "parts/seal", 5),
            ],
            proposed.Select(c => (c.Rule.Shadow[0], c.Rule.Pools[0].Text, c.Count)));
        Assert.Equal(
            ["HiddenRule 11", "Unclassified 1"],
            day.Compare([.. rows]).Groups.Where(g => g.Key.Class is ShadowClass.HiddenRule or ShadowClass.Unclassified)
                .GroupBy(g => g.Key.Class, g => g.Value.Count).Select(g => $"{g.Key} {g.Sum()}"));
        Assert.Single(day.Compare().Candidates(least: 6));
    }

    private static int Matches(ShadowComparison comparison) =>
        comparison.Evidence.Where(e => e.Key.Class == ShadowClass.Match).Sum(e => e.Value);

    private static IEnumerable<string> Said(ShadowComparison comparison) =>
        comparison.Groups.Select(g => $"{g.Key.Class} {g.Key.By} {g.Value.Count}: {g.Value.Units}");

    private static ComparedJournals Lived(bool withFaults)
    {
        var day = new ComparedJournals(CaseLedger.PolicyOf("spare-parts"), "parts/*");
        var random = new Random(7);
        foreach (var part in Parts)
        {
            day.Stocked(100, part);
        }
        day.Stocked(500, "parts/axle");
        day.Stocked(6, "parts/seal");
        day.Stocked(5, "parts/belt");
        day.Stocked(2, "parts/lamp");
        for (var hour = 0; hour < 24; hour++)
        {
            for (var index = 0; index < 10; index++)
            {
                Order(day, random, $"o-{hour}-{index}");
            }
            if (hour % 4 == 3)
            {
                foreach (var part in Parts)
                {
                    day.Supply(2 + (hour / 4), 60, part);
                }
            }
            if (withFaults)
            {
                Plant(day, hour);
            }
            day.After(TimeSpan.FromMinutes(20));
        }
        return day;
    }

    // An order of the ERP: what it got there leaves, is cancelled, or is forgotten.
    private static void Order(ComparedJournals day, Random random, string id)
    {
        var pool = Parts[random.Next(Parts.Length)];
        var units = random.Next(1, 5);
        var fate = random.Next(10);
        day.Hold(id, units, pool, priorityClass: Classes[random.Next(Classes.Length)]);
        if (day.ShadowJournal[^1].Event is AllocationOutcomeEvent.Held)
        {
            day.After(TimeSpan.FromMinutes(2));
            if (fate < 7)
            {
                day.Confirm(id, pool);
                day.After(TimeSpan.FromMinutes(1));
                day.Consume(id, units, pool);
            }
            else if (fate < 9)
            {
                day.Release(id, pool: pool);
            }
        }
        day.After(TimeSpan.FromMinutes(1));
    }

    private static void Plant(ComparedJournals day, int hour)
    {
        switch (hour)
        {
            case 3:
                foreach (var id in new[] { "twice-1", "twice-2" })
                {
                    day.Hold(id, 2, "parts/axle", priorityClass: "web");
                    day.Confirm(id, "parts/axle");
                    day.Consume(id, 2, "parts/axle");
                    day.Consume(id, 2, "parts/axle");
                }
                break;
            case 5:
                day.Hold("over", 2, "parts/axle", priorityClass: "web");
                day.Release("over", pool: "parts/axle");
                day.After(TimeSpan.FromMinutes(5));
                day.Consume("over", 2, "parts/axle");
                break;
            case 7:
                Refused(day, "quota", 6, "parts/axle", units: 12, used: 12, "dealer", "dealer-99");
                break;
            case 9:
                Refused(day, "kept", 5, "parts/seal", units: 2, used: 1, "web");
                break;
            case 11:
                day.Supply(3, 1, "parts/belt");
                Refused(day, "late", 1, "parts/belt", units: 8, used: 8, "field-service", beforeUse: () =>
                {
                    day.After(TimeSpan.FromMinutes(10));
                    day.Supply(2, 2, "parts/belt");
                });
                break;
            case 13:
                Refused(day, "soon", 1, "parts/lamp", units: 4, used: 4, "field-service", beforeUse: () =>
                {
                    day.After(TimeSpan.FromSeconds(30));
                    day.Supply(2, 2, "parts/lamp");
                });
                break;
            case 15:
                Refused(day, "long", 1, "parts/axle", units: 1, used: 1, "web", ttlMs: 3_600_000);
                break;
            default:
                break;
        }
    }

    // The shadow refuses, and goods leave all the same.
    private static void Refused(
        ComparedJournals day, string id, int count, string pool, long units, long used, string priorityClass,
        string? dealer = null, Action? beforeUse = null, long ttlMs = 600_000)
    {
        for (var index = 0; index < count; index++)
        {
            day.Hold($"{id}-{index}", units, pool, HoldMode.AllOrNothing, priorityClass, dealer, ttlMs);
            Assert.IsType<AllocationOutcomeEvent.Rejected>(day.ShadowJournal[^1].Event);
            beforeUse?.Invoke();
            day.Consume($"{id}-{index}", used, pool);
        }
    }
}
