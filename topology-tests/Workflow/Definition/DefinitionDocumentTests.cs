using Alloc.Processors.Workflow.Definition;

namespace Topology.Tests.Workflow.Definition;

/// <summary>A definition is data: the same in YAML, JSON and its canonical form; differences have names.</summary>
public sealed class DefinitionDocumentTests
{
    [Fact]
    public void The_example_of_the_documentation_is_valid_and_survives_its_canonical_form()
    {
        var definition = DefinitionTexts.Read(DefinitionTexts.File("docs/examples/marketplace.definition.yaml"));

        var again = DefinitionReader.Parse(DefinitionDocument.Write(definition)).Definition!;

        Assert.Equal(definition, again);
        Assert.Equal(DefinitionDocument.HashOf(definition), DefinitionDocument.HashOf(again));
    }

    [Fact]
    public void Every_field_is_read()
    {
        var definition = DefinitionTexts.Read(DefinitionTexts.WithSegment("""
            {id: a, when: {attributes: {risk: [high, odd], channel: [web]}, amountAtLeastMinor: 5, currency: EUR},
                 steps: [authorise, hold, confirm, fulfil]}
            """) + """
            payment: {tries: 10, firstPause: 2s, factor: 5, answerWithin: 20s, reauthorisations: 3}
            compensation: {tries: 1, firstPause: 3s, factor: 6, longestPause: 7m, answerWithin: 40s}
            review: {reviewers: 4, perCase: 8m, acceptBelow: 10, rejectFrom: 90}
            promise: {notifyAtMostEvery: 3h}
            mappings: [{id: m, system: carrier/north, version: 2, code: X, means: Refused}]
            migrations: [{from: 1, to: 2, rule: move}]

            """);

        var when = definition.Segment("a")!.When!;
        Assert.Equal(["channel: web", "risk: high odd"],
            when.Attributes.Select(attribute => $"{attribute.Name}: {string.Join(' ', attribute.Values)}"));
        Assert.Equal(new AmountCondition(5, "EUR"), when.Amount);
        Assert.Equal(
            [WorkflowStep.Authorise, WorkflowStep.Hold, WorkflowStep.Confirm, WorkflowStep.Fulfil],
            definition.Segment("a")!.Steps);
        Assert.Equal(new PaymentRules(10, 2_000, 5, 20_000, 3), definition.Payment);
        Assert.Equal(new CompensationRules(1, 3_000, 6, 420_000, 40_000), definition.Compensation);
        Assert.Equal(new ReviewRules(4, 480_000, 10, 90), definition.Review);
        Assert.Equal(new PromiseRules(10_800_000), definition.Promise);
        Assert.Equal([new MappingRow("m", "carrier/north", 2, "X", OutsideMeaning.Refused)], definition.Mappings);
        Assert.Equal([new MigrationRow(1, 2, MigrationRule.Move)], definition.Migrations);
        Assert.Equal(2, definition.Version);
        Assert.Null(definition.Segment("nobody"));
    }

    [Fact]
    public void The_same_definition_in_yaml_and_in_json_has_the_same_hash()
    {
        const string Json = """
            {"limits": [
               {"then": "exception", "within": "P30D", "step": "return"},
               {"step": "stop", "within": "60m", "then": "release"},
               {"step": "fulfil", "within": "72h", "then": "exception"},
               {"step": "confirm", "within": "30000ms", "then": "cancel"},
               {"step": "authorise", "within": "3m", "then": "cancel"},
               {"step": "review", "within": "4h", "then": "cancel"},
               {"step": "fraud", "within": "PT15M", "then": "cancel", "inReviewRouting": null},
               {"step": "hold", "within": "120s", "then": "cancel"}],
             "payment": {"tries": 3}, "mappings": [],
             "segments": [{"steps": ["hold", "fraud", "authorise", "confirm", "fulfil"], "when": null, "id": "all"}],
             "version": 2}
            """;

        var yaml = DefinitionTexts.Read(DefinitionTexts.Smallest);
        var json = DefinitionTexts.Read(Json);

        Assert.Equal(yaml, json);
        Assert.Equal(DefinitionDocument.HashOf(yaml), DefinitionDocument.HashOf(json));
    }

    [Fact]
    public void What_is_left_out_is_as_shipped_and_is_written_out_so_that_it_means_the_same_whatever_is_shipped_later()
    {
        var definition = DefinitionTexts.Read(DefinitionTexts.Smallest + "payment: {tries: 5}\n");

        Assert.Equal(WorkflowDefinition.Shipped.Payment with { Tries = 5 }, definition.Payment);
        Assert.Equal(WorkflowDefinition.Shipped.Review, definition.Review);
        Assert.Contains(
            """
            "payment":{"tries":5,"firstPause":"1s","factor":4,"answerWithin":"10s","reauthorisations":1},
            """, DefinitionDocument.Write(definition), StringComparison.Ordinal);
        Assert.Contains("\"review\":{\"reviewers\":2,", DefinitionDocument.Write(definition), StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_of_rows_counts_for_segments_only()
    {
        const string Rows = """
            mappings:
              - {id: b, system: fraud, version: 1, code: B, means: Reject}
              - {id: a, system: fraud, version: 1, code: A, means: Accept}
              - {id: c, system: carrier, version: 9, code: A, means: Lost}
            migrations: [{from: 2, to: 3, rule: move}, {from: 1, to: 3, rule: finish}]

            """;
        const string Sorted = """
            migrations: [{from: 1, to: 3, rule: finish}, {from: 2, to: 3, rule: move}]
            mappings:
              - {id: c, system: carrier, version: 9, code: A, means: Lost}
              - {id: a, system: fraud, version: 1, code: A, means: Accept}
              - {id: b, system: fraud, version: 1, code: B, means: Reject}

            """;
        var smallest = DefinitionTexts.Smallest.Replace("version: 2", "version: 3", StringComparison.Ordinal);
        var one = DefinitionTexts.Read(smallest + Rows);
        var other = DefinitionTexts.Read(smallest + Sorted);

        Assert.Equal(one, other);
        Assert.Equal(DefinitionDocument.HashOf(one), DefinitionDocument.HashOf(other));
    }

    [Fact]
    public void Another_number_is_another_hash()
    {
        var one = DefinitionTexts.Read(DefinitionTexts.Smallest);
        var other = DefinitionTexts.Read(DefinitionTexts.WithLimit("hold", "{step: hold, within: 3m, then: cancel}"));

        Assert.NotEqual(one, other);
        Assert.NotEqual(DefinitionDocument.HashOf(one), DefinitionDocument.HashOf(other));
    }

    [Fact]
    public void Differences_are_said_row_by_row_and_field_by_field()
    {
        const string Two = """
            {id: a, when: {attributes: {risk: [high]}}, steps: [hold, fraud, authorise, confirm, fulfil]}
              - {id: b, when: {attributes: {risk: [odd]}}, steps: [hold, fraud, authorise, confirm, fulfil]}
            """;
        const string Other = """
            {id: b, when: {amountAtLeastMinor: 900, currency: EUR}, steps: [fraud, hold, authorise, confirm, fulfil]}
              - {id: a, when: {attributes: {risk: [high, odd]}}, steps: [hold, fraud, authorise, confirm, fulfil]}
              - {id: c, when: {attributes: {goods: [gift]}}, steps: [hold, authorise, confirm, fulfil]}
            """;
        const string Before = "mappings: [{id: m, system: fraud, version: 1, code: A, means: Accept}, "
            + "{id: n, system: fraud, version: 1, code: B, means: Reject}]\n"
            + "migrations: [{from: 1, to: 2, rule: finish}]\n";
        const string After = "mappings: [{id: n, system: fraud, version: 1, code: A, means: Review}]\n"
            + "migrations: [{from: 1, to: 2, rule: move}]\npayment: {tries: 5}\nreview: {reviewers: 0, perCase: 5m}\n";
        var was = DefinitionTexts.Read(DefinitionTexts.WithSegment(Two) + Before);
        var willBe = DefinitionTexts.Read(
            DefinitionTexts.WithSegment(Other).Replace(
                "within: 15m, then: cancel", "within: 20m, then: cancel, inReviewRouting: review",
                StringComparison.Ordinal) + After);

        Assert.Empty(DefinitionDifferences.Between(was, was with { Version = 9 }));
        Assert.Equal(
            [
                "segments[b].when.amountAtLeastMinor absent → 900", "segments[b].when.currency absent → EUR",
                "segments[b].steps hold, fraud, authorise, confirm, fulfil → fraud, hold, authorise, confirm, fulfil",
                "segments[b].when.attributes.risk odd → absent", "segments[a].when.attributes.risk high → high, odd",
                "segments[c] is new", "segments in the order b, a, all",
                "limits[fraud].within 15m → 20m", "limits[fraud].inReviewRouting absent → review",
                "payment.tries 3 → 5", "review.reviewers 2 → 0", "review.perCase 10m → 5m",
                "mappings[n].code B → A", "mappings[n].means Reject → Review", "mappings[m] is gone",
                "migrations[1].rule finish → move",
            ],
            DefinitionDifferences.Between(was, willBe).Select(change => change.ToString()));
        Assert.Equal(
            "when.attributes.goods gift, steps hold, authorise, confirm, fulfil",
            DefinitionDifferences.Between(was, willBe).Single(change => change.Row == "c").WillBe);
        Assert.Contains(
            DefinitionDifferences.Between(willBe, was), change => change.ToString() == "segments[c] is gone");
    }

    [Fact]
    public void The_definition_and_the_error_that_the_documentation_shows_are_real()
    {
        var guide = DefinitionTexts.File("docs/workflow-definition.md");
        var yaml = guide.Split("```yaml\n")[1].Split("```")[0];
        var shown = guide.Split('\n').Single(line => line.StartsWith("error  my.def", StringComparison.Ordinal));

        var right = DefinitionTexts.Read(yaml);
        var wrong = DefinitionReader.ParseAny(
            yaml.Replace("[fraud, hold, authorise", "[fraud, hold, authorize", StringComparison.Ordinal));

        Assert.Equal(WorkflowDefinition.Shipped with { Version = 2 }, right);
        Assert.Equal(shown, $"error  {Assert.Single(wrong.Errors).Show("my.definition.yaml")}");
    }
}
