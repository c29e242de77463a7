using Alloc.Processors.Catalogue;

namespace Topology.Tests.Catalogue;

/// <summary>Everything that is wrong with a catalogue is said with the row's name, its line and what to do.</summary>
public sealed class CatalogueReaderTests
{
    private const string Stage = "{id: A, sla: 1m, customerState: Received, owner: a, runbook: a.md}";

    /// <summary>A row of stages and what is said of it; the row stands in line 6.</summary>
    public static TheoryData<string, string> WrongStages => new()
    {
        {
            "{id: A, sla: 1m, customerState: Received, runbook: a.md}",
            "catalogue:6:5: stages[A].owner: The field is missing. Write a text."
        },
        {
            "{id: A, sla: 1m, customerState: Received, owner: '', runbook: a.md}",
            "catalogue:6:54: stages[A].owner: '' is empty. Write 1 to 256 characters."
        },
        {
            "{id: A, after: [Waiting, Nowhere], sla: 1m, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:20: stages[A].after: The stage 'A' comes after 'Nowhere', which is no stage. "
                + "Name stages of this document: Waiting, Packing, A."
        },
        {
            "{id: A, after: [A], sla: 1m, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:20: stages[A].after: The stage 'A' comes after itself. Name others only."
        },
        {
            "{id: Waiting, sla: 1m, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:10: stages[Waiting].id: The id 'Waiting' is that of the row in line 4 too. "
                + "Give each row of a table an id of its own."
        },
        {
            "{id: $A, sla: 1m, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:10: stages[$A].id: '$A' is reserved. "
                + "Names that begin with $ are for control records; write another."
        },
        {
            "{id: 'a b', sla: 1m, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:10: stages[a b].id: 'a b' is no name. "
                + "Write letters, digits, and . _ - / between them, for instance fraud-slow."
        },
        {
            "{id: A, sla: -1m, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:18: stages[A].sla: '-1m' is no duration. "
                + "Write a number and a unit: 500ms, 30s, 15m, 24h, 7d, 1h30m or PT1H30M."
        },
        {
            "{id: A, sla: 0s, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:18: stages[A].sla: '0s' is out of range. Write 1s to 30d."
        },
        {
            "{id: A, sla: 31d, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:18: stages[A].sla: '31d' is out of range. Write 1s to 30d."
        },
        {
            "{id: A, sla: 60, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:18: stages[A].sla: 60 is no duration. "
                + "Write a number and a unit: 500ms, 30s, 15m, 24h, 7d, 1h30m or PT1H30M."
        },
        {
            "{id: A, sla: 1m, pageShare: 1.01, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:33: stages[A].pageShare: 1.01 is out of range. Write a share from 0 to 1: 0.2 is 20 percent."
        },
        {
            "{id: A, sla: 1m, pageShare: -0.1, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:33: stages[A].pageShare: -0.1 is out of range. Write a share from 0 to 1: 0.2 is 20 percent."
        },
        {
            "{id: A, sla: 1m, pageShare: 20%, customerState: Received, owner: a, runbook: a.md}",
            "catalogue:6:33: stages[A].pageShare: '20%' is no number. "
                + "Write a share from 0 to 1, without quotes: 0.2 is 20 percent."
        },
        {
            "{id: A, sla: 1m, customerState: Shipped, owner: a, runbook: a.md}",
            "catalogue:6:37: stages[A].customerState: 'Shipped' is not known here. "
                + "Write Received, UnderReview, Confirmed, ReadyToShip."
        },
        {
            "{id: A, sla: 1m, customerState: Received, owner: a, runbook: a.md, slo: 1m}",
            "catalogue:6:72: stages[A].slo: This field is not known here. "
                + "Known are after, customerState, id, owner, pageShare, runbook, sla."
        },
    };

    public static TheoryData<string, bool> Runbooks => new()
    {
        { "docs/runbooks/StageSlaBreach.md", true },
        { "docs/runbooks/stages.md#fraud", true },
        { "https://wiki.example.com/runbooks/fraud?x=1", true },
        { "http://wiki.example.com", true },
        { "/etc/passwd", false },
        { "../secrets.md", false },
        { "docs/../../secrets.md", false },
        { "javascript:alert(1)", false },
        { "file:///etc/passwd", false },
        { "https://user:word@wiki.example.com/", false },
        { "see the wiki", false },
    };

    /// <summary>A row of modes and what is said of it; the row stands in line 7.</summary>
    public static TheoryData<string, string> WrongModes => new()
    {
        {
            "{id: m, stage: Nowhere, measure: oldestAge, onAt: 5m, offAt: 1m, effect: rejectHolds}",
            "catalogue:7:20: modes[m].stage: The mode 'm' looks at 'Nowhere', which is no stage. "
                + "Name a stage of this document: Waiting, Packing."
        },
        {
            "{id: m, stage: Waiting, measure: oldestAge, onAt: 1m, offAt: 5m, effect: rejectHolds}",
            "catalogue:7:66: modes[m].offAt: The mode 'm' would be switched off at 5m and on at 1m: off is above on. "
                + "Write an offAt that is below onAt."
        },
        {
            "{id: m, stage: Waiting, measure: breachedShare, onAt: 0.2, offAt: 0.5, effect: rejectHolds}",
            "catalogue:7:71: modes[m].offAt: The mode 'm' would be switched off at 0.5 and on at 0.2: off is above on. "
                + "Write an offAt that is below onAt."
        },
        {
            "{id: m, stage: Waiting, measure: breachedShare, onAt: 0, offAt: 0, effect: rejectHolds}",
            "catalogue:7:59: modes[m].onAt: The mode 'm' would always be on. Write an onAt above 0."
        },
        {
            "{id: m, stage: Waiting, measure: age, onAt: 5m, offAt: 1m, effect: rejectHolds}",
            "catalogue:7:38: modes[m].measure: 'age' is not known here. Write breachedShare, oldestAge, drainTime."
        },
        {
            "{id: m, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: panic, cap: 1m}",
            "catalogue:7:78: modes[m].effect: 'panic' is not known here. "
                + "Write extendHolds, rejectHolds, waitlistClasses, shortenTtl, manualReview, laterAuthorization."
        },
        {
            "{id: m, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: extendHolds}",
            "catalogue:7:5: modes[m].cap: The field is missing. Write a duration."
        },
        {
            "{id: m, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: rejectHolds, cap: 1m}",
            "catalogue:7:96: modes[m].cap: The field does not go with effect rejectHolds. Remove it."
        },
        {
            "{id: m, stage: Waiting, measure: breachedShare, onAt: 5m, offAt: 0.1, effect: rejectHolds}",
            "catalogue:7:59: modes[m].onAt: '5m' is no number. "
                + "Write a share from 0 to 1, without quotes: 0.2 is 20 percent."
        },
        {
            "{id: m, stage: Waiting, measure: drainTime, onAt: 0.2, offAt: 1m, effect: rejectHolds}",
            "catalogue:7:55: modes[m].onAt: 0.2 is no duration. "
                + "Write a number and a unit: 500ms, 30s, 15m, 24h, 7d, 1h30m or PT1H30M."
        },
        {
            "{id: m, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: waitlistClasses}",
            "catalogue:7:5: modes[m].classes: The mode 'm' names no class that waits. Name the lowest ones."
        },
        {
            "{id: m, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: rejectHolds, pools: ['$a*b']}",
            "catalogue:7:99: modes[m].pools[0]: '$a*b' has a * that is not its end. "
                + "Write one pool's id, or the beginning of several and a * (seats-*)."
        },
    };

    public static TheoryData<string, string> WrongDocuments => new()
    {
        { "", "catalogue:1:1: The document is empty. Write an object with version and stages." },
        { "version: 1\n", "catalogue:1:1: stages: There is no stage. Write at least one." },
        { "version: 1\nstages: []\n", "catalogue:2:9: stages: There is no stage. Write at least one." },
        {
            "version: 1\nstages: [3]\n",
            "catalogue:2:10: stages[0]: 3 is no row. Write an object with the row's fields."
        },
        { "{\"version\": 1", "catalogue:1:14: This is no JSON" },
    };

    [Theory]
    [MemberData(nameof(WrongStages))]
    public void A_wrong_stage_is_named(string row, string error) =>
        Assert.Contains(error, CatalogueTexts.ErrorsWith($"  - {row}\n"));

    [Theory]
    [MemberData(nameof(WrongModes))]
    public void A_wrong_mode_is_named(string row, string error) =>
        Assert.Contains(error, CatalogueTexts.ErrorsWith($"modes:\n  - {row}\n"));

    [Theory]
    [MemberData(nameof(WrongDocuments))]
    public void A_wrong_document_is_named(string text, string error) =>
        Assert.StartsWith(error, CatalogueTexts.ErrorsOf(text).First(), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Runbooks))]
    public void A_runbook_is_a_URL_or_a_relative_path(string runbook, bool isOne)
    {
        var row = Stage.Replace("a.md", $"'{runbook}'", StringComparison.Ordinal);

        var errors = CatalogueTexts.ErrorsWith($"  - {row}\n").ToList();

        Assert.Equal(isOne, errors.Count == 0);
        Assert.All(
            errors, error => Assert.Contains("is neither a URL nor a relative path", error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        "effects: [{id: e, event: Granted, services: [mail], sla: 1m}]", "effects[e].event: 'Granted' is not known")]
    [InlineData(
        "effects: [{id: e, event: Confirmed, services: [], sla: 1m}]", "effects[e].services: The row 'e' names no")]
    [InlineData(
        "effects: [{id: e, event: Confirmed, services: [mail], sla: 1m}, "
            + "{id: f, event: Confirmed, services: [mail], sla: 2m}]",
        "effects[f].services: 'mail' is obliged for Confirmed by 'e' already.")]
    [InlineData(
        "classes: [{id: Unheard, severity: page, owner: a, runbook: a.md}]", "classes[Unheard].id: 'Unheard' is not")]
    [InlineData(
        "classes: [{id: DualWriter, severity: loud, owner: a, runbook: a.md}]", "severity: 'loud' is not known here")]
    [InlineData(
        "classes: [{id: DualWriter, severity: page, owner: a, runbook: a.md, repairCap: 0}]",
        "classes[DualWriter].repairCap: 0 is out of range.")]
    [InlineData(
        "classes: [{id: DualWriter, severity: page, owner: a, runbook: a.md}, "
            + "{id: DualWriter, severity: page, owner: b, runbook: a.md}]",
        "classes[DualWriter].id: The id 'DualWriter' is that of the row in line 6 too.")]
    [InlineData(
        "classes: [{id: ZombieHold, severity: page, owner: a, runbook: a.md, followsLag: yes please}]",
        "classes[ZombieHold].followsLag: 'yes please' is neither true nor false.")]
    [InlineData(
        "classes: [{id: ZombieHold, severity: page, owner: a, runbook: a.md, atMost: 1m}]",
        "classes[ZombieHold].atMost: The field does not go with a tolerance that follows no lag.")]
    [InlineData(
        "classes: [{id: ZombieHold, severity: page, owner: a, runbook: a.md, followsLag: true, atLeast: 9s}]",
        "classes[ZombieHold].atLeast: '9s' is out of range. Write 10s to 10m.")]
    [InlineData(
        "classes: [{id: ZombieHold, severity: page, owner: a, runbook: a.md, followsLag: true, atMost: 11m}]",
        "classes[ZombieHold].atMost: '11m' is out of range. Write 10s to 10m.")]
    [InlineData(
        "classes: [{id: ZombieHold, severity: page, owner: a, runbook: a.md, followsLag: true, atLeast: 2m, "
            + "atMost: 1m}]",
        "classes[ZombieHold].atLeast: The tolerance of ZombieHold would be at least 2m and at most 1m. Write an")]
    [InlineData(
        "classes: [{id: SupplyGap, severity: page, owner: a, runbook: a.md, followsLag: true}]",
        "classes[SupplyGap].followsLag: No lag is measured of SupplyGap, so nothing can follow it. Leave it out;")]
    public void A_wrong_effect_or_class_is_named(string line, string error) =>
        Assert.Contains(
            CatalogueTexts.ErrorsWith(line + "\n"), found => found.Contains(error, StringComparison.Ordinal));

    [Theory]
    [InlineData("stages", 100)]
    [InlineData("modes", 50)]
    [InlineData("effects", 200)]
    [InlineData("shadowRules", 200)]
    public void Every_table_is_bounded(string table, int maximum)
    {
        var rows = string.Concat(Enumerable.Range(0, maximum + 1).Select(i => table switch
        {
            "stages" => $"  - {Stage.Replace("id: A", $"id: A{i}", StringComparison.Ordinal)}\n",
            "modes" =>
                $"  - {{id: m{i}, stage: A, measure: oldestAge, onAt: 2m, offAt: 1m, effect: manualReview}}\n",
            "shadowRules" =>
                $"  - {{id: s{i}, class: hiddenRule, owner: a, because: b, recorded: [Held], classes: [c{i}]}}\n",
            _ => $"  - {{id: e{i}, event: Confirmed, services: [s{i}], sla: 1m}}\n",
        }));
        var head = table == "stages" ? "version: 1\n" : $"version: 1\nstages: [{Stage}]\n";
        var least = string.Join('\n', rows.Split('\n').Take(maximum));

        Assert.Contains(
            CatalogueTexts.ErrorsOf($"{head}{table}:\n{rows}"),
            error => error.EndsWith(
                $"{table}: The list has {maximum + 1} entries; it may have {maximum}. Write fewer.",
                StringComparison.Ordinal));
        Assert.Empty(CatalogueTexts.ErrorsOf($"{head}{table}:\n{least}\n"));
    }

    [Fact]
    public void A_document_of_a_hostile_size_is_not_read()
    {
        var text = "# " + new string('x', CatalogueReader.MaximumSize);

        Assert.Equal(
            [$"The document has {CatalogueReader.MaximumSize + 2} bytes; it may have {CatalogueReader.MaximumSize}. "
                + "Write shorter texts."],
            CatalogueTexts.ErrorsOf(text));
    }

    [Fact]
    public void Every_field_is_read()
    {
        var catalogue = CatalogueTexts.Read(CatalogueTexts.Smallest + """
            modes:
              - {id: slow, stage: Packing, measure: drainTime, onAt: 2h, offAt: 30m, minimumDwell: 10m,
                 effect: shortenTtl, cap: 5m, pools: [seats-*, van], classes: [web]}
            effects:
              - {id: shipped, event: Consumed, services: [mail, billing], sla: 90s}
            classes:
              - {id: ZombieHold, tolerance: 2m, severity: page, owner: sales, runbook: z.md, repair: true, repairCap: 7}
              - {id: MissedEvent, followsLag: true, atMost: 2m, severity: page, owner: sales, runbook: z.md}

            """);

        var packing = catalogue.Stage("Packing")!;
        Assert.Equal(["Waiting"], packing.After);
        Assert.Equal(
            (TimeSpan.FromHours(1), 0.2, "ReadyToShip"), (packing.Sla, packing.PageShare, packing.CustomerState));
        Assert.Equal(("warehouse", "docs/p.md"), (packing.Owner, packing.Runbook));
        var mode = catalogue.Mode("slow")!;
        Assert.Equal(("Packing", ModeMeasure.DrainTime), (mode.Stage, mode.Measure));
        Assert.Equal((7_200_000.0, 1_800_000.0), (mode.OnAt, mode.OffAt));
        Assert.Equal(
            (TimeSpan.FromMinutes(10), DegradedEffect.ShortenTtl, (long?)300_000),
            (mode.MinimumDwell, mode.Effect, mode.CapMs));
        Assert.Equal(["seats-*", "van"], mode.Pools.Select(pool => pool.Text));
        Assert.Equal(["web"], mode.Classes);
        var effect = Assert.Single(catalogue.Effects);
        Assert.Equal(("Consumed", TimeSpan.FromSeconds(90)), (effect.Event, effect.Sla));
        Assert.Equal(["mail", "billing"], effect.Services);
        Assert.Equal(
            new MismatchClassRow(
                MismatchClass.ZombieHold, TimeSpan.FromMinutes(2), MismatchSeverity.Page, "sales", "z.md", true, 7),
            catalogue.Class(MismatchClass.ZombieHold));
        Assert.Equal(
            new LagFollowing(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2)),
            catalogue.Class(MismatchClass.MissedEvent).Follows);
        Assert.Equal(catalogue, CatalogueReader.Parse(CatalogueDocument.Write(catalogue)).Catalogue);
        Assert.Equal(
            OperationsCatalogue.Shipped.Class(MismatchClass.DualWriter), catalogue.Class(MismatchClass.DualWriter));
        Assert.Null(catalogue.Stage("Nowhere"));
        Assert.Null(catalogue.Mode("nothing"));
    }

    [Fact]
    public void Notes_say_what_is_right_and_still_worth_knowing()
    {
        var text = """
            version: 1
            stages:
              - {id: A, after: [B], sla: 1m, pageShare: 1, customerState: Received, owner: a, runbook: a.md}
              - {id: B, after: [A], sla: 1m, customerState: Received, owner: a, runbook: a.md}
            modes:
              - {id: m, stage: A, measure: oldestAge, onAt: 5m, offAt: 5m, effect: rejectHolds, pools: [a-*]}
              - {id: n, stage: B, measure: oldestAge, onAt: 5m, offAt: 1m, effect: rejectHolds, pools: [a-1]}
              - {id: o, stage: B, measure: oldestAge, onAt: 5m, offAt: 1m, effect: manualReview, pools: [a-1]}
            classes:
              - {id: ZombieHold, tolerance: 5s, followsLag: true, severity: page, owner: a, runbook: a.md}

            """;

        var notes = CatalogueTexts.NotesOf(text, CatalogueTexts.Read(CatalogueTexts.Smallest)).ToList();

        string[] expected =
        [
            "stages: Every stage comes after another", "stages: The stage 'Waiting' is gone",
            "stages: The stage 'Packing' is gone", "stages[A].pageShare: Nobody is ever paged for 'A'",
            "modes[m].offAt: The mode 'm' is switched on and off at one value",
            "modes[n].id: The modes 'm' and 'n' concern the same pools",
            "classes[ZombieHold].tolerance: Until enough was measured, 5s are tolerated of ZombieHold, which is not "
                + "within 10s to 10m.",
        ];
        Assert.Equal(expected.Length, notes.Count);
        Assert.All(expected, part => Assert.Single(notes, note => note.Contains(part, StringComparison.Ordinal)));
    }
}
