using Alloc.Processors.Workflow.Definition;

namespace Topology.Tests.Workflow.Definition;

/// <summary>Everything that is wrong with a definition is said with the row's name, its line and what to do.</summary>
public sealed class DefinitionReaderTests
{
    private const string Bounds = " is out of range. Write ";

    /// <summary>A step, another row for it (or none), and all that is said then.</summary>
    public static TheoryData<string, string?, string> WrongLimits => new()
    {
        {
            "hold", null,
            "definition:6:3: limits: The step hold has no limit: an order could wait there for ever. "
                + "Write one, for instance {step: hold, within: 2m, then: cancel}."
        },
        {
            "stop", null,
            "definition:6:3: limits: The step stop has no limit: an order could wait there for ever. "
                + "Write one, for instance {step: stop, within: 1h, then: release}."
        },
        {
            "review", null,
            "definition:6:3: limits: The step review has no limit: an order could wait there for ever. "
                + "Write one, for instance {step: review, within: 4h, then: cancel}."
        },
        {
            "hold", "{step: hold, then: cancel}",
            "definition:6:5: limits[hold].within: The field is missing. Write a duration."
        },
        {
            "hold", "{step: hold, within: 999ms, then: cancel}",
            "definition:6:26: limits[hold].within: '999ms'" + Bounds + "1s to 90d."
        },
        {
            "return", "{step: return, within: 91d, then: exception}",
            "definition:13:28: limits[return].within: '91d'" + Bounds + "1s to 90d."
        },
        {
            "hold", "{step: hold, within: 120, then: cancel}",
            "definition:6:26: limits[hold].within: 120 is no duration. "
                + "Write a number and a unit: 500ms, 30s, 15m, 24h, 7d, 1h30m or PT1H30M."
        },
        {
            "hold", "{step: hold, within: 2m}",
            "definition:6:5: limits[hold].then: The field is missing. Write a word."
        },
        { "hold", "{step: hold, within: 2m, then: review}", Then(6, 36, "hold", "review", "cancel") },
        { "fraud", "{step: fraud, within: 2m, then: release}", Then(7, 37, "fraud", "release", "cancel, review") },
        { "review", "{step: review, within: 2m, then: review}", Then(8, 38, "review", "review", "cancel, exception") },
        { "authorise", "{step: authorise, within: 2m, then: review}", Then(9, 41, "authorise", "review", "cancel") },
        { "confirm", "{step: confirm, within: 2m, then: exception}", Then(10, 39, "confirm", "exception", "cancel") },
        { "fulfil", "{step: fulfil, within: 2m, then: cancel}", Then(11, 38, "fulfil", "cancel", "exception") },
        { "stop", "{step: stop, within: 2m, then: cancel}", Then(12, 36, "stop", "cancel", "release, exception") },
        { "return", "{step: return, within: 2m, then: release}", Then(13, 38, "return", "release", "exception") },
        { "hold", "{step: hold, within: 2m, then: give-up}", Then(6, 36, "hold", "give-up", "cancel") },
        {
            "fraud", "{step: fraud, within: 2m, then: cancel, inReviewRouting: cancel}",
            "definition:7:62: limits[fraud].inReviewRouting: 'cancel' is not known here. Write review."
        },
        {
            "hold", "{step: hold, within: 2m, then: cancel, inReviewRouting: review}",
            "definition:6:61: limits[hold].inReviewRouting: The field does not go with step hold. Remove it."
        },
        {
            "hold", "{step: hold, within: 2m, then: cancel, else: cancel}",
            "definition:6:44: limits[hold].else: This field is not known here. "
                + "Known are inReviewRouting, step, then, within."
        },
        {
            "fraud", "{step: hold, within: 2m, then: cancel}",
            "definition:6:3: limits: The step fraud has no limit: an order could wait there for ever. "
                + "Write one, for instance {step: fraud, within: 15m, then: cancel}.|"
                + "definition:7:12: limits[hold].step: The step hold has a limit in line 6 already. Keep one of them."
        },
        {
            "hold", "{step: ship, within: 2m, then: cancel}",
            "definition:6:12: limits[ship].step: 'ship' is not known here. "
                + "Write hold, fraud, review, authorise, confirm, fulfil, stop, return."
        },
    };

    /// <summary>A line after the smallest document, which is line 14, and all that is said of it.</summary>
    public static TheoryData<string, string> WrongLines => new()
    {
        { "payment: {tries: 0}", "definition:14:18: payment.tries: 0" + Bounds + "a number from 1 to 10." },
        { "payment: {tries: 11}", "definition:14:18: payment.tries: 11" + Bounds + "a number from 1 to 10." },
        {
            "payment: {tries: three}",
            "definition:14:18: payment.tries: 'three' is no whole number. "
                + "Write a number from 1 to 10, without quotes."
        },
        { "payment: {firstPause: 0s}", "definition:14:23: payment.firstPause: '0s'" + Bounds + "1s to 1d." },
        { "payment: {firstPause: 25h}", "definition:14:23: payment.firstPause: '25h'" + Bounds + "1s to 1d." },
        { "payment: {factor: 0}", "definition:14:19: payment.factor: 0" + Bounds + "a number from 1 to 100." },
        { "payment: {factor: 101}", "definition:14:19: payment.factor: 101" + Bounds + "a number from 1 to 100." },
        { "payment: {answerWithin: 2d}", "definition:14:25: payment.answerWithin: '2d'" + Bounds + "1s to 1d." },
        {
            "payment: {reauthorisations: 4}",
            "definition:14:29: payment.reauthorisations: 4" + Bounds + "a number from 0 to 3."
        },
        {
            "payment: {longestPause: 1m}",
            "definition:14:11: payment.longestPause: This field is not known here. "
                + "Known are answerWithin, factor, firstPause, reauthorisations, tries."
        },
        { "payment: later", "definition:14:10: payment: 'later' is no object. Write names and values." },
        { "compensation: {tries: 9}", "definition:14:23: compensation.tries: 9" + Bounds + "a number from 1 to 8." },
        {
            "compensation: {firstPause: 6m}",
            "definition:14:28: compensation.firstPause: The longest pause 5m is shorter than the first 6m. "
                + "Write a firstPause that is not above longestPause."
        },
        {
            "compensation: {firstPause: 2m, longestPause: 1m}",
            "definition:14:46: compensation.longestPause: The longest pause 1m is shorter than the first 2m. "
                + "Write a firstPause that is not above longestPause."
        },
        {
            "review: {reviewers: -1}",
            "definition:14:21: review.reviewers: -1" + Bounds + "a number from 0 to 100000."
        },
        { "review: {perCase: 2d}", "definition:14:19: review.perCase: '2d'" + Bounds + "1s to 1d." },
        {
            "review: {acceptBelow: 101}",
            "definition:14:23: review.acceptBelow: 101" + Bounds + "a number from 0 to 100."
        },
        {
            "review: {rejectFrom: -1}",
            "definition:14:22: review.rejectFrom: -1" + Bounds + "a number from 0 to 100."
        },
        {
            "review: {acceptBelow: 81}",
            "definition:14:23: review.acceptBelow: Scores from 80 up to 81 would be both accepted and rejected. "
                + "Write an acceptBelow that is not above rejectFrom."
        },
        {
            "review: {rejectFrom: 19}",
            "definition:14:22: review.rejectFrom: Scores from 19 up to 20 would be both accepted and rejected. "
                + "Write an acceptBelow that is not above rejectFrom."
        },
        {
            "promise: {notifyAtMostEvery: 0s}",
            "definition:14:30: promise.notifyAtMostEvery: '0s'" + Bounds + "1s to 90d."
        },
        {
            "promise: {never: 1h}",
            "definition:14:11: promise.never: This field is not known here. Known are notifyAtMostEvery."
        },
        {
            "mappings: [{id: a, system: bank, version: 1, code: x, means: Declined}]",
            "definition:14:28: mappings[a].system: 'bank' says no kind of system. "
                + "Write payment, fraud, carrier, or one of several: carrier/north."
        },
        {
            "mappings: [{id: a, system: payment/, version: 1, code: x, means: Declined}]",
            "definition:14:28: mappings[a].system: 'payment/' says no kind of system. "
                + "Write payment, fraud, carrier, or one of several: carrier/north."
        },
        {
            "mappings: [{id: a, system: carrier/the post, version: 1, code: x, means: Lost}]",
            "definition:14:28: mappings[a].system: 'carrier/the post' is no name. "
                + "Write letters, digits, and . _ - / between them, for instance fraud-slow."
        },
        {
            "mappings: [{id: a, system: payment, version: 0, code: x, means: Declined}]",
            "definition:14:46: mappings[a].version: 0" + Bounds + "a number from 1 to 2147483647."
        },
        {
            "mappings: [{id: a, system: payment, version: 1, code: 51, means: Declined}]",
            "definition:14:55: mappings[a].code: 51 is no text. Write it in quotes."
        },
        {
            "mappings: [{id: a, system: payment, version: 1, code: x, means: Lost}]",
            "definition:14:65: mappings[a].means: 'Lost' is not known here. "
                + "Write Declined, InsufficientFunds, Fraud, TryLater, WrongAmount."
        },
        {
            "mappings: [{id: a, system: fraud, version: 1, code: x, means: accept}]",
            "definition:14:63: mappings[a].means: 'accept' is not known here. Write Accept, Reject, Review."
        },
        {
            "mappings: [{id: a, system: carrier/north, version: 1, code: x, means: Accept}]",
            "definition:14:71: mappings[a].means: 'Accept' is not known here. "
                + "Write Delivered, Lost, Refused, Returned."
        },
        {
            "mappings: [{id: a, system: fraud, version: 1, code: x, means: Accept}, "
                + "{id: b, system: fraud, version: 1, code: x, means: Reject}]",
            "definition:14:113: mappings[b].code: The code 'x' of fraud in version 1 is mapped in line 14 already. "
                + "Keep one of them."
        },
        {
            "mappings: [{id: a, system: fraud, version: 1, code: x, means: Accept}, "
                + "{id: a, system: fraud, version: 2, code: x, means: Reject}]",
            "definition:14:77: mappings[a].id: The id 'a' is that of the row in line 14 too. "
                + "Give each row of a table an id of its own."
        },
        {
            "migrations: [{from: 2, to: 2, rule: move}]",
            "definition:14:21: migrations[0].from: Version 2 does not come before version 2. Write an earlier version."
        },
        {
            "migrations: [{from: 1, to: 3, rule: move}]",
            "definition:14:28: migrations[0].to: Orders would move to version 3, and this is version 2. Write 2."
        },
        {
            "migrations: [{from: 1, to: 2, rule: move}, {from: 1, to: 2, rule: finish}]",
            "definition:14:51: migrations[1].from: Version 1 has a row in line 14 already. Keep one of them."
        },
        {
            "migrations: [{from: 0, to: 2, rule: move}]",
            "definition:14:21: migrations[0].from: 0" + Bounds + "a number from 1 to 2147483647."
        },
        {
            "migrations: [{from: 1, to: 2, rule: cancel}]",
            "definition:14:37: migrations[0].rule: 'cancel' is not known here. Write finish, move."
        },
        {
            "name: shop",
            "definition:14:1: name: This field is not known here. Known are compensation, limits, mappings, "
                + "migrations, payment, promise, review, segments, version."
        },
        { "version: 3", "definition:14:1: The field 'version' is there twice. Keep one of them." },
    };

    public static TheoryData<string, string> WrongDocuments => new()
    {
        { "", "definition:1:1: The document is empty. Write an object with version, segments and limits." },
        { "[]", "definition:1:1: The document is a list. Write an object with version, segments and limits." },
        {
            "version: 1\n",
            "definition:1:1: segments: There is no segment. Write at least one, for instance "
                + "{id: standard, steps: [hold, fraud, authorise, confirm, fulfil]}."
        },
        {
            "version: 1\nsegments: [3]\n",
            "definition:2:12: segments[0]: 3 is no row. Write an object with the row's fields."
        },
        { "version: 0\nsegments: []\n", "definition:1:10: version: 0" + Bounds + "a number from 1 to 2147483647." },
        { "{\"version\": 1", "definition:1:14: This is no JSON" },
        { "version: 1\nsegments: &a []\n", "definition:2:11: Anchors and aliases are not accepted." },
    };

    [Theory]
    [MemberData(nameof(WrongLimits))]
    public void A_wrong_limit_is_named(string step, string? row, string errors) =>
        Assert.Equal(errors.Split('|'), DefinitionTexts.ErrorsOf(DefinitionTexts.WithLimit(step, row)));

    [Theory]
    [MemberData(nameof(WrongLines))]
    public void A_wrong_row_or_object_is_named(string line, string error) =>
        Assert.Equal([error], DefinitionTexts.ErrorsOf($"{DefinitionTexts.Smallest}{line}\n"));

    [Theory]
    [MemberData(nameof(WrongDocuments))]
    public void A_wrong_document_is_named(string text, string error) =>
        Assert.StartsWith(error, Assert.Single(DefinitionTexts.ErrorsOf(text)), StringComparison.Ordinal);

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        var text = DefinitionTexts.WithLimit("hold", "{step: hold, within: 0s, then: review}")
            .Replace("[hold, fraud, authorise, confirm, fulfil]", "[hold, authorise, fulfil]", StringComparison.Ordinal)
            + "payment: {tries: 11}\nmappings: [{id: a, system: bank}]\nnobody-knows: 1\n";

        Assert.Equal(
            [
                "segments[all].steps", "limits[hold].within", "limits[hold].then", "payment.tries",
                "mappings[a].version", "mappings[a].code", "mappings[a].system", "nobody-knows",
            ],
            DefinitionReader.ParseAny(text).Errors.Select(error => error.Path));
    }

    [Fact]
    public void Nothing_waits_for_a_check_that_no_segment_has()
    {
        const string Unchecked = "{id: all, steps: [hold, authorise, confirm, fulfil]}";
        var text = DefinitionTexts.WithOnlySegment(Unchecked);
        var right = string.Join('\n', text.Split('\n').Where(line =>
            !line.Contains("step: fraud", StringComparison.Ordinal)
            && !line.Contains("step: review", StringComparison.Ordinal)));

        Assert.Equal(
            [
                "definition:7:12: limits[fraud].step: No order waits for fraud: no segment has the step fraud. "
                    + "Remove the row, or write fraud into a segment.",
                "definition:8:12: limits[review].step: No order waits for review: no segment has the step fraud. "
                    + "Remove the row, or write fraud into a segment.",
            ],
            DefinitionTexts.ErrorsOf(text));
        var definition = DefinitionTexts.Read(right);
        Assert.Null(definition.LimitOf(WorkflowStep.Fraud));
        Assert.False(definition.HasRoom(0));
    }

    [Theory]
    [InlineData(60_000, true)]
    [InlineData(59_999, false)]
    [InlineData(0, false)]
    public void Confirm_has_at_most_half_of_the_time_for_which_a_group_may_be_revoked(
        long groupRevocableMs, bool isEnough)
    {
        var errors = DefinitionTexts.ErrorsOf(DefinitionTexts.Smallest, groupRevocableMs).ToList();

        Assert.Equal(isEnough, errors.Count == 0);
        Assert.All(errors, error => Assert.StartsWith(
            "definition:10:29: limits[confirm].within: 30s are more than half of the ", error,
            StringComparison.Ordinal));
    }

    [Fact]
    public void The_time_of_confirm_is_said_with_a_remedy() => Assert.Equal(
        [
            "definition:10:29: limits[confirm].within: 30s are more than half of the 50s for which the ledger revokes "
                + "what a group confirmed: after them it could be too late to take a part back. "
                + "Write 25s at most, or a longer groupRevocable into the policy.",
        ],
        DefinitionTexts.ErrorsOf(DefinitionTexts.Smallest, 50_000));

    [Theory]
    [InlineData("mappings", 1_000)]
    [InlineData("migrations", 100)]
    public void Every_table_is_bounded(string table, int maximum)
    {
        string Text(int count) => DefinitionTexts.Smallest.Replace("version: 2", "version: 2000",
            StringComparison.Ordinal) + $"{table}:\n" + string.Concat(Enumerable.Range(1, count).Select(i =>
                table == "mappings"
                    ? $"  - {{id: m{i}, system: fraud, version: 1, code: c{i}, means: Accept}}\n"
                    : $"  - {{from: {i}, to: 2000, rule: move}}\n"));

        Assert.Empty(DefinitionTexts.ErrorsOf(Text(maximum)));
        Assert.EndsWith(
            $"{table}: The list has {maximum + 1} entries; it may have {maximum}. Write fewer.",
            Assert.Single(DefinitionTexts.ErrorsOf(Text(maximum + 1))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_document_of_a_hostile_size_is_not_read() => Assert.Equal(
        [$"The document has {DefinitionReader.MaximumSize + 2} bytes; it may have {DefinitionReader.MaximumSize}. "
            + "Write shorter texts."],
        DefinitionTexts.ErrorsOf("# " + new string('x', DefinitionReader.MaximumSize)));

    [Fact]
    public void A_document_whose_canonical_form_could_not_be_read_again_is_refused()
    {
        var text = DefinitionTexts.Smallest + "mappings:\n" + string.Concat(Enumerable.Range(0, 1_000).Select(i =>
            $"  - {{id: m{i}, system: fraud, version: 1, code: {i:D4}{new string('x', 190)}, means: Accept}}\n"));

        Assert.InRange(text.Length, 0, DefinitionReader.MaximumSize);
        Assert.Matches(
            @"^As canonical JSON the document has 26\d{4} bytes; it may have 262144\. Write shorter texts\.$",
            Assert.Single(DefinitionTexts.ErrorsOf(text)));
    }

    [Fact]
    public void Notes_say_what_is_right_and_still_worth_knowing()
    {
        const string More = """
            mappings:
              - {id: a, system: fraud, version: 1, code: OK, means: Accept}
              - {id: b, system: fraud, version: 1, code: NO, means: Reject}

            """;
        var previous = DefinitionTexts.Read(DefinitionTexts.WithSegment(
            "{id: old, when: {attributes: {a: [x]}}, steps: [hold, authorise, confirm, fulfil]}") + More);
        const string Rest = "review: {reviewers: 0}\npayment: {tries: 10, factor: 10}\n"
            + "mappings: [{id: c, system: fraud, version: 1, code: OK, means: Reject}]\n";
        const string Moves = "migrations: [{from: 2, to: 3, rule: move}]\n";
        var text = (DefinitionTexts.Smallest + Rest).Replace("version: 2", "version: 3", StringComparison.Ordinal);

        var notes = DefinitionTexts.NotesOf(text + Moves, previous).ToList();

        Assert.Equal(
            [
                "definition:4:3: segments: The segment 'old' is gone: its orders that move from version 2 find another "
                    + "one. Keep it, or let them finish, if that is not meant.",
                "definition:9:31: limits[authorise].within: The 10 tries of a payment may take 16663211s, and the "
                    + "limit is 3m: the last ones may never be made. Write a longer limit, or fewer or faster tries.",
                "definition:14:21: review.reviewers: There is never room for a case: nobody reviews. "
                    + "Write how many do, if somebody does.",
                "definition:16:11: mappings: The code 'NO' of fraud in version 1 means nothing any more: whoever sends "
                    + "it goes to the exception queue. Keep the row until nobody does.",
            ],
            notes);
        Assert.DoesNotContain(
            DefinitionTexts.NotesOf(text, previous), note => note.Contains("is gone", StringComparison.Ordinal));
    }

    private static string Then(int line, int column, string step, string word, string allowed) =>
        $"definition:{line}:{column}: limits[{step}].then: '{word}' is not known here. Write {allowed}.";
}
