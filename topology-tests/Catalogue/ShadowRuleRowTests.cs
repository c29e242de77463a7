using System.Text.Json.Nodes;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Catalogue;

namespace Topology.Tests.Catalogue;

/// <summary>Rules about differences of the shadow are rows: what is wrong with one is said with its line.</summary>
public sealed class ShadowRuleRowTests
{
    private const string Lends =
        "{id: lends, class: hiddenRule, owner: sales, because: It lends., shadow: [Rejected], recorded: [Consumed]}";

    /// <summary>A row and what is said of it; it stands in line 8, after <see cref="Lends"/>.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        {
            "{id: b, owner: a, because: x, command: [Hold]}",
            "catalogue:8:5: shadowRules[b].class: The field is missing. Write a word."
        },
        {
            "{id: b, class: timingLag, owner: a, because: x, command: [Hold]}",
            "catalogue:8:20: shadowRules[b].class: 'timingLag' is not known here. "
                + "Write hiddenRule, legacyDefect, deliberatePolicy, staleSource."
        },
        {
            "{id: b, class: hiddenRule, owner: a b, because: x, command: [Hold]}",
            "catalogue:8:39: shadowRules[b].owner: 'a b' is no name. "
                + "Write letters, digits, and . _ - / between them, for instance fraud-slow."
        },
        {
            "{id: b, class: hiddenRule, owner: a, command: [Hold]}",
            "catalogue:8:5: shadowRules[b].because: The field is missing. Write a text."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, command: [Tick]}",
            "catalogue:8:64: shadowRules[b].command[0]: 'Tick' is no command about a pool. Write Hold, Confirm, "
                + "Release, Consume, Return, Extend, Amend, Split, Reassign, ForceRelease, Approve, SupplyDelta, "
                + "SupplySnapshot, Block, Unblock, PoolConfigure, Import, Repair."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, shadow: [Refused]}",
            "catalogue:8:63: shadowRules[b].shadow[0]: 'Refused' is no decision. "
                + "Write an outcome's event: Held, Rejected QuotaExceeded, NoOp SameHold."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, shadow: [Rejected Quota]}",
            "catalogue:8:63: shadowRules[b].shadow[0]: 'Rejected Quota' has the reason 'Quota', which nothing is "
                + "rejected for. Write Rejected alone, or with reasons as the report shows them: "
                + "Rejected QuotaExceeded."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, recorded: ['Rejected WaitersAhead, QuotaExceeded']}",
            "catalogue:8:65: shadowRules[b].recorded[0]: 'Rejected WaitersAhead, QuotaExceeded' has its reasons in "
                + "another order than decisions have, so it never matches. Write Rejected QuotaExceeded, WaitersAhead."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, shadow: [Held QuotaExceeded]}",
            "catalogue:8:63: shadowRules[b].shadow[0]: 'Held QuotaExceeded' has a reason, which only Rejected and "
                + "NoOp have. Write Held."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, shadow: [NoOp Bored]}",
            "catalogue:8:63: shadowRules[b].shadow[0]: 'NoOp Bored' has a reason that no NoOp has. "
                + "Write NoOp alone, or one reason: NoOp SameHold."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, from: tomorrow}",
            "catalogue:8:60: shadowRules[b].from: 'tomorrow' is not a time (ISO 8601 with a zone). "
                + "Write for instance 2027-03-28T18:00:00Z or 2027-03-28T20:00:00+02:00."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, from: '2027-03-28T18:00:00'}",
            "catalogue:8:60: shadowRules[b].from: '2027-03-28T18:00:00' has no time zone. "
                + "End it with Z for UTC, or with its offset from UTC, for instance +02:00."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, from: '2027-03-28T18:00:00Z', "
                + "until: '2027-03-28T18:00:00Z'}",
            "catalogue:8:91: shadowRules[b].until: The rule 'b' ends at 2027-03-28T18:00:00Z, when it has not begun: "
                + "nothing ever matches. Write an until that is after from."
        },
        {
            "{id: b, class: hiddenRule, owner: a, because: x, pools: [spare-*]}",
            "catalogue:8:10: shadowRules[b].id: The rule 'b' has no condition besides pools, so it would explain "
                + "whatever differs there. Write one of command, shadow, recorded, classes, from, until."
        },
        {
            "{id: lends, class: staleSource, owner: a, because: x, command: [Hold]}",
            "catalogue:8:10: shadowRules[lends].id: The id 'lends' is that of the row in line 7 too. "
                + "Give each row of a table an id of its own."
        },
        {
            "{id: b, class: staleSource, owner: a, because: x, pools: [x], shadow: [Rejected QuotaExceeded], "
                + "recorded: [Consumed]}",
            "catalogue:8:10: shadowRules[b].id: The rule 'b' never decides: 'lends' in line 7 matches all that it "
                + "matches. Write the narrower one first, or remove it."
        },
        {
            "{id: b, class: staleSource, owner: a, because: x, command: [Hold], when: now}",
            "catalogue:8:72: shadowRules[b].when: This field is not known here. Known are because, class, classes, "
                + "command, from, id, owner, pools, recorded, shadow, until."
        },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_with_a_rule_is_said_with_its_line_and_a_remedy(string row, string expected) =>
        Assert.Contains(expected, CatalogueTexts.ErrorsWith($"shadowRules:\n  - {Lends}\n  - {row}\n"));

    [Theory]
    [InlineData("shadow: [Held], recorded: [Consumed]")]
    [InlineData("shadow: [Rejected QuotaExceeded]")]
    [InlineData("shadow: [Rejected QuotaExceeded], recorded: [Consumed, Imported]")]
    public void A_rule_that_an_earlier_one_does_not_cover_is_right(string conditions) =>
        Assert.Empty(CatalogueTexts.ErrorsWith(
            $"shadowRules:\n  - {Lends}\n  - {{id: b, class: hiddenRule, owner: a, because: x, {conditions}}}\n"));

    [Theory]
    [InlineData("pools: [spare-*]", "pools: [spare-1]", true)]
    [InlineData("pools: [spare-1]", "pools: [spare-*]", false)]
    [InlineData("command: [Hold]", "command: [Hold, Amend]", false)]
    [InlineData("command: [Hold, Amend]", "command: [Amend]", true)]
    [InlineData("classes: [web]", "pools: [a]", false)]
    [InlineData("from: 2027-01-01T00:00:00Z", "from: 2027-01-02T00:00:00Z", true)]
    [InlineData("from: 2027-01-02T00:00:00Z", "from: 2027-01-01T00:00:00Z", false)]
    [InlineData("until: 2027-01-02T00:00:00Z", "until: 2027-01-01T00:00:00Z", true)]
    [InlineData("until: 2027-01-01T00:00:00Z", "pools: [a]", false)]
    public void A_row_hides_a_later_one_only_where_every_condition_of_it_is_wider(
        string first, string second, bool expected)
    {
        var errors = CatalogueTexts.ErrorsWith(
            $"shadowRules:\n  - {{id: a, class: hiddenRule, owner: a, because: x, recorded: [Consumed], {first}}}\n"
            + $"  - {{id: b, class: hiddenRule, owner: a, because: x, recorded: [Consumed], {second}}}\n");

        Assert.Equal(expected, errors.Any(error => error.Contains("never decides", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_field_is_read_and_survives_the_canonical_form()
    {
        var catalogue = CatalogueTexts.Read(CatalogueTexts.Smallest + """
            shadowRules:
              - {id: all, class: deliberatePolicy, owner: ops, because: "Agreed, in writing.", pools: [spare-*, van],
                 command: [Hold, Amend], shadow: ["Rejected QuotaExceeded"], recorded: [Consumed, Imported],
                 classes: [web], from: 2027-03-28T18:00:00Z, until: 2027-03-28T21:00:00+01:00}

            """);

        var rule = Assert.Single(catalogue.ShadowRules);
        Assert.Equal(
            ("all", ShadowRuleClass.DeliberatePolicy, "ops", "Agreed, in writing."),
            (rule.Id, rule.Class, rule.Owner, rule.Because));
        Assert.Equal(["spare-*", "van"], rule.Pools.Select(pool => pool.Text));
        Assert.Equal([CommandKind.Hold, CommandKind.Amend], rule.Commands);
        Assert.Equal((["Rejected QuotaExceeded"], ["Consumed", "Imported"]), (rule.Shadow, rule.Recorded));
        Assert.Equal(["web"], rule.Classes);
        Assert.Equal(2 * 3_600_000, rule.UntilMs - rule.FromMs);
        Assert.Equal(catalogue, CatalogueReader.Parse(CatalogueDocument.Write(catalogue)).Catalogue);
    }

    [Fact]
    public void A_document_without_rules_says_nothing_of_them_so_that_its_hash_is_as_before()
    {
        var catalogue = CatalogueTexts.Read(CatalogueTexts.Smallest);

        Assert.DoesNotContain("shadowRules", CatalogueDocument.Write(catalogue), StringComparison.Ordinal);
        Assert.Equal(catalogue, CatalogueTexts.Read(CatalogueTexts.Smallest + "shadowRules: []\n"));
    }

    [Fact]
    public void Differences_name_rules_their_fields_and_their_order()
    {
        var was = CatalogueTexts.Read(CatalogueTexts.Smallest + $"shadowRules:\n  - {Lends}\n");
        var willBe = CatalogueTexts.Read(
            CatalogueTexts.Smallest
            + $"shadowRules:\n  - {Lends.Replace("hiddenRule", "legacyDefect", StringComparison.Ordinal)}\n"
            + "  - {id: b, class: hiddenRule, owner: a, because: x, command: [Amend]}\n");

        Assert.Equal(
            ["shadowRules[lends].class hiddenRule → legacyDefect", "shadowRules[b] is new"],
            CatalogueDifferences.Between(was, willBe).Select(change => change.ToString()));
    }

    [Fact]
    public void The_schema_knows_the_same_commands()
    {
        var commands = JsonNode.Parse(DocumentSchemas.Catalogue())!["$defs"]!["shadowRulesRow"]!["properties"]!
            ["command"]!["items"]!["enum"]!.AsArray().Select(word => word!.ToString());

        var remedy = CatalogueReader.Parse(
            """{"shadowRules": [{"id": "a", "command": ["x"]}]}""").Errors
            .Single(error => error.Path == "shadowRules[a].command[0]").Remedy;

        Assert.Equal($"Write {string.Join(", ", commands)}.", remedy);
    }
}
