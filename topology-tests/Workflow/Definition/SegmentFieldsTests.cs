namespace Topology.Tests.Workflow.Definition;

/// <summary>What is wrong with a segment is said with its line and a remedy.</summary>
public sealed class SegmentFieldsTests
{
    private const string Good = "steps: [hold, authorise, confirm, fulfil]";

    /// <summary>A row in line 4 and all that is said of it; the last segment follows it.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        {
            "{id: a, when: {attributes: {risk: [high]}}, steps: [fraud, hold, authorise, fulfil]}",
            "definition:4:56: segments[a].steps: The list lacks confirm. "
                + "Write hold, authorise, confirm and fulfil, and fraud where it is checked."
        },
        {
            "{id: a, when: {attributes: {risk: [high]}}, steps: []}",
            "definition:4:56: segments[a].steps: The list lacks hold, authorise, confirm, fulfil. "
                + "Write hold, authorise, confirm and fulfil, and fraud where it is checked."
        },
        {
            "{id: a, when: {attributes: {risk: [high]}}}",
            "definition:4:5: segments[a].steps: The field is missing. Write a list."
        },
        {
            "{id: a, when: {attributes: {risk: [high]}}, steps: hold}",
            "definition:4:56: segments[a].steps: 'hold' is no list. Write a list."
        },
        {
            "{id: a, when: {attributes: {risk: [high]}}, steps: [hold, authorise, review, confirm, fulfil]}",
            "definition:4:74: segments[a].steps[2]: 'review' is no step of a segment. "
                + "Write hold, fraud, authorise, confirm, fulfil."
        },
        {
            "{id: a, when: {attributes: {risk: [high]}}, steps: [hold, authorise, hold, confirm, fulfil]}",
            "definition:4:74: segments[a].steps[2]: 'hold' is in the list twice. Keep one of them."
        },
        {
            "{id: a, when: {attributes: {risk: [high]}}, steps: [hold, authorise, confirm, fraud, fulfil]}",
            "definition:4:56: segments[a].steps: After confirm comes fraud, and nothing can be taken back there. "
                + "Write hold, fraud and authorise before confirm."
        },
        {
            "{id: a, when: {attributes: {risk: [high]}}, steps: [confirm, authorise, fraud, hold, fulfil]}",
            "definition:4:56: segments[a].steps: After confirm comes authorise, fraud, hold, and nothing can be taken "
                + "back there. Write hold, fraud and authorise before confirm."
        },
        {
            "{id: a, when: {attributes: {risk: [high]}}, steps: [hold, authorise, fulfil, confirm]}",
            "definition:4:56: segments[a].steps: After fulfil comes confirm, when goods may have left. "
                + "Write fulfil at the end."
        },
        {
            $"{{id: a, when: {{}}, {Good}}}",
            "definition:4:19: segments[a].when: There is no condition. "
                + "Write attributes or amountAtLeastMinor; leave when out if the segment matches every order."
        },
        {
            $"{{id: a, when: {{attributes: null}}, {Good}}}",
            "definition:4:19: segments[a].when: There is no condition. "
                + "Write attributes or amountAtLeastMinor; leave when out if the segment matches every order."
        },
        {
            $"{{id: a, when: high, {Good}}}",
            "definition:4:19: segments[a].when: 'high' is no object. Write names and values."
        },
        {
            $"{{id: a, when: {{risk: [high]}}, {Good}}}",
            "definition:4:20: segments[a].when.risk: This field is not known here. "
                + "Known are amountAtLeastMinor, attributes, currency."
        },
        {
            $"{{id: a, when: {{attributes: {{}}}}, {Good}}}",
            "definition:4:32: segments[a].when.attributes: There are 0 attributes; there may be 1 to 32. "
                + "Write names, each with its values: {risk: [high]}."
        },
        {
            $"{{id: a, when: {{attributes: {{risk: high}}}}, {Good}}}",
            "definition:4:39: segments[a].when.attributes.risk: 'high' is no list. Write a list."
        },
        {
            $"{{id: a, when: {{attributes: {{risk: []}}}}, {Good}}}",
            "definition:4:39: segments[a].when.attributes.risk: The attribute may have no value. "
                + "Write those that it may have."
        },
        {
            $"{{id: a, when: {{attributes: {{risk: [1]}}}}, {Good}}}",
            "definition:4:40: segments[a].when.attributes.risk[0]: 1 is no text of 1 to 256 characters. "
                + "Write a name, in quotes if it looks like a number."
        },
        {
            $"{{id: a, when: {{attributes: {{'': [high]}}}}, {Good}}}",
            "definition:4:37: segments[a].when.attributes.: The attribute's name has 0 characters. "
                + "Write 1 to 256 characters."
        },
        {
            $"{{id: a, when: {{amountAtLeastMinor: -1, currency: EUR}}, {Good}}}",
            "definition:4:40: segments[a].when.amountAtLeastMinor: -1 is out of range. "
                + "Write a number from 0 to 9223372036854775807."
        },
        {
            $"{{id: a, when: {{amountAtLeastMinor: 100}}, {Good}}}",
            "definition:4:19: segments[a].when.currency: The field is missing. Write a text."
        },
        {
            $"{{id: a, when: {{amountAtLeastMinor: 100, currency: euro}}, {Good}}}",
            "definition:4:55: segments[a].when.currency: 'euro' is no currency. "
                + "Write three capital letters of ISO 4217: EUR."
        },
        {
            $"{{id: a, when: {{attributes: {{risk: [high]}}, currency: EUR}}, {Good}}}",
            "definition:4:58: segments[a].when.currency: "
                + "The field does not go with a condition without amountAtLeastMinor. Remove it."
        },
        {
            $"{{id: a b, when: {{attributes: {{risk: [high]}}}}, {Good}}}",
            "definition:4:10: segments[a b].id: 'a b' is no name. "
                + "Write letters, digits, and . _ - / between them, for instance fraud-slow."
        },
        {
            $"{{id: all, when: {{attributes: {{risk: [high]}}}}, {Good}}}",
            "definition:5:10: segments[all].id: The id 'all' is that of the row in line 4 too. "
                + "Give each row of a table an id of its own."
        },
        {
            $"{{id: a, {Good}}}",
            "definition:5:10: segments[all].id: The segment 'all' has no order: 'a' in line 4 matches all that it "
                + "matches. Write the narrower one first, or remove it."
        },
        {
            $"{{id: a, when: {{attributes: {{risk: [high]}}}}, {Good}, then: cancel}}",
            "definition:4:92: segments[a].then: This field is not known here. Known are id, steps, when."
        },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_with_a_segment_is_said_with_its_line_and_a_remedy(string row, string error) =>
        Assert.Equal([error], DefinitionTexts.ErrorsOf(DefinitionTexts.WithSegment(row)));

    [Fact]
    public void The_last_segment_matches_every_order() => Assert.Equal(
        [
            "definition:4:22: segments[some].when: The last segment 'some' does not match every order. "
                + "Leave its when out, or write another segment after it.",
        ],
        DefinitionTexts.ErrorsOf(DefinitionTexts.WithOnlySegment(
            "{id: some, when: {attributes: {risk: [low]}}, steps: [hold, fraud, authorise, confirm, fulfil]}")));

    [Theory]
    [InlineData("attributes: {a: [x]}", "attributes: {a: [x]}", true)]
    [InlineData("attributes: {a: [x, y]}", "attributes: {a: [x]}", true)]
    [InlineData("attributes: {a: [x]}", "attributes: {a: [x, y]}", false)]
    [InlineData("attributes: {a: [x]}", "attributes: {b: [x]}", false)]
    [InlineData("attributes: {a: [x]}", "attributes: {a: [x], b: [x]}", true)]
    [InlineData("attributes: {a: [x], b: [x]}", "attributes: {a: [x]}", false)]
    [InlineData("attributes: {a: [x]}", "amountAtLeastMinor: 5, currency: EUR", false)]
    [InlineData("attributes: {a: [x]}", "attributes: {a: [x]}, amountAtLeastMinor: 5, currency: EUR", true)]
    [InlineData("amountAtLeastMinor: 5, currency: EUR", "amountAtLeastMinor: 5, currency: EUR", true)]
    [InlineData("amountAtLeastMinor: 5, currency: EUR", "amountAtLeastMinor: 6, currency: EUR", true)]
    [InlineData("amountAtLeastMinor: 6, currency: EUR", "amountAtLeastMinor: 5, currency: EUR", false)]
    [InlineData("amountAtLeastMinor: 5, currency: EUR", "amountAtLeastMinor: 6, currency: USD", false)]
    [InlineData("amountAtLeastMinor: 5, currency: EUR", "attributes: {a: [x]}", false)]
    public void A_segment_hides_a_later_one_only_where_every_condition_of_it_is_wider(
        string first, string second, bool isHidden)
    {
        var text = DefinitionTexts.WithSegment(
            $"{{id: a, when: {{{first}}}, {Good}}}\n  - {{id: b, when: {{{second}}}, {Good}}}");

        var errors = DefinitionTexts.ErrorsOf(text).ToList();

        Assert.Equal(isHidden, errors.Count > 0);
        Assert.All(errors, error => Assert.Contains(
            "segments[b].id: The segment 'b' has no order: 'a' in line 4 matches", error, StringComparison.Ordinal));
    }

    [Fact]
    public void Conditions_and_segments_are_bounded()
    {
        string Many(int count, Func<int, string> write) => string.Join(", ", Enumerable.Range(0, count).Select(write));
        string Attributes(int count) => DefinitionTexts.WithSegment(
            $"{{id: a, when: {{attributes: {{{Many(count, i => $"a{i}: [x]")}}}}}, {Good}}}");
        string Values(int count) => DefinitionTexts.WithSegment(
            $"{{id: a, when: {{attributes: {{a: [{Many(count, i => $"x{i}")}]}}}}, {Good}}}");
        string Segments(int count) => DefinitionTexts.WithSegment(string.Join("\n  - ", Enumerable.Range(1, count - 1)
            .Select(i => $"{{id: a{i}, when: {{attributes: {{a: [x{i}]}}}}, {Good}}}")));

        Assert.Empty(DefinitionTexts.ErrorsOf(Attributes(32)));
        Assert.Contains("There are 33 attributes; there may be 1 to 32.", Assert.Single(
            DefinitionTexts.ErrorsOf(Attributes(33))), StringComparison.Ordinal);
        Assert.Empty(DefinitionTexts.ErrorsOf(Values(100)));
        Assert.Contains("The list has 101 entries; it may have 100.", Assert.Single(
            DefinitionTexts.ErrorsOf(Values(101))), StringComparison.Ordinal);
        Assert.Empty(DefinitionTexts.ErrorsOf(Segments(50)));
        Assert.Contains("segments: The list has 51 entries; it may have 50.", Assert.Single(
            DefinitionTexts.ErrorsOf(Segments(51))), StringComparison.Ordinal);
    }
}
