using Alloc.Processors.Allocation.Policy;

namespace Topology.Tests.Policy;

/// <summary>What is wrong with the text or the shape of a document is named, with place, value and remedy.</summary>
public sealed class PolicyShapeTests
{
    [Fact]
    public void An_unknown_field_is_named_with_the_known_ones() => Expect(
        "drift: {absolute: 1, percent: 5, relative: 2}\n",
        "policy:10:34: drift.relative: This field is not known here. Known are absolute, percent.");

    [Fact]
    public void An_unknown_table_is_named() => Assert.StartsWith(
        "policy:10:1: overbokking: This field is not known here. Known are class, classMappings, classes, conduct,",
        Assert.Single(PolicyTexts.ErrorsWith("overbokking: []\n")), StringComparison.Ordinal);

    [Fact]
    public void A_missing_field_is_named() => Expect(
        "deficit:\n  - {id: deficit/all, action: none}\n",
        "policy:11:5: deficit[0].pools: The field is missing. Write a text.");

    [Fact]
    public void A_text_in_place_of_a_number_is_named() => Expect(
        "protection: [{id: p, pools: a, class: gold, units: \"5\"}]\n",
        "policy:10:52: protection[0].units: '5' is no whole number. "
        + "Write a number from 0 to 9223372036854775807, without quotes.");

    [Fact]
    public void A_fraction_is_no_number_of_units() => Expect(
        "protection: [{id: p, pools: a, class: gold, units: 5.5}]\n",
        "policy:10:52: protection[0].units: 5.5 is no whole number. "
        + "Write a number from 0 to 9223372036854775807, without quotes.");

    [Theory]
    [InlineData("-1")]
    [InlineData("9223372036854775808")]
    public void A_number_out_of_range_is_named_with_the_range(string number) => Expect(
        $"protection: [{{id: p, pools: a, class: gold, units: {number}}}]\n",
        $"policy:10:52: protection[0].units: {number} is out of range. "
        + "Write a number from 0 to 9223372036854775807.");

    [Theory]
    [InlineData("017")]
    [InlineData("0o17")]
    [InlineData("0x1F")]
    public void A_number_that_readers_of_YAML_take_for_several_is_none(string number) => Expect(
        $"protection: [{{id: p, pools: a, class: gold, units: {number}}}]\n",
        $"policy:10:52: protection[0].units: '{number}' is no whole number. "
        + "Write a number from 0 to 9223372036854775807, without quotes.");

    [Theory]
    [InlineData("drift:\n\tabsolute: 1\n", "policy:11:1: A tab indents this line. Write spaces.")]
    [InlineData("drift:\n  absolute: 1\n \t percent: 5\n", "policy:12:2: A tab indents this line. Write spaces.")]
    [InlineData("drift: {absolute: \"\0\"}\n", "policy:10:20: The character U+0000 is not accepted. Remove it.")]
    public void A_character_that_YAML_does_not_take_is_named_where_it_stands(string more, string error) =>
        Expect(more, error);

    [Fact]
    public void A_file_with_nothing_in_it_is_empty() => Assert.StartsWith(
        "The document is empty.", Assert.Single(PolicyDocument.ParseAny("# later\n").Errors).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_trailing_comma_is_named_in_plain_words() => Assert.Equal(
        "This is no JSON: The JSON object contains a trailing comma at the end.",
        Assert.Single(PolicyDocument.ParseAny("{\"version\": 1,}").Errors).Message);

    [Fact]
    public void A_percentage_has_its_range() => Expect(
        "overbooking: [{id: o, pools: a, kind: percent, percent: 1001}]\n",
        "policy:10:57: overbooking[0].percent: 1001 is out of range. Write a number from 0 to 1000.");

    [Theory]
    [InlineData("900000")]
    [InlineData("15 minutes")]
    [InlineData("30m1h")]
    [InlineData("15")]
    [InlineData("1.5h30m")]
    [InlineData("P1M")]
    public void What_is_no_time_is_named(string text) => Expect(
        $"limits: {{grace: \"{text}\"}}\n",
        $"policy:10:17: limits.grace: '{text}' is no duration. "
        + "Write a number and a unit: 500ms, 30s, 15m, 24h, 7d, 1h30m or PT1H30M.");

    [Fact]
    public void A_time_beyond_its_range_is_named() => Expect(
        "limits: {approval: 4000d}\n",
        "policy:10:20: limits.approval: '4000d' is out of range. Write 1s to 3660d.");

    [Fact]
    public void A_word_that_is_not_known_is_named_with_those_that_are() => Expect(
        "deficit: [{id: d, pools: \"*\", action: panic}]\n",
        "policy:10:39: deficit[0].action: 'panic' is not known here. "
        + "Write none, expireNewestHeld, operatorList.");

    [Fact]
    public void A_flag_is_true_or_false() => Expect(
        "preemption: [{id: p, pools: a, class: gold, victims: [web], maximumVictims: 1, victimWaitsAgain: \"yes\"}]\n",
        "policy:10:98: preemption[0].victimWaitsAgain: 'yes' is neither true nor false. "
        + "Write true or false, without quotes.");

    [Fact]
    public void A_number_is_no_name() => Expect(
        "deficit: [{id: 7, pools: \"*\", action: none}]\n",
        "policy:10:16: deficit[0].id: 7 is no text. Write it in quotes.");

    [Fact]
    public void A_pattern_has_its_star_at_the_end() => Expect(
        "deficit: [{id: d, pools: \"*-seats\", action: none}]\n",
        "policy:10:26: deficit[0].pools: '*-seats' has a * that is not its end. "
        + "Write one pool's id, or the beginning of several and a * (seats-*).");

    [Fact]
    public void Pools_that_stand_for_partitions_are_reserved() => Expect(
        "deficit: [{id: d, pools: $partition/1, action: none}]\n",
        "policy:10:26: deficit[0].pools: '$partition/1' is reserved. No pool's id begins with $; write another.");

    [Fact]
    public void A_row_is_an_object() => Expect(
        "deficit: [none]\n", "policy:10:11: deficit[0]: 'none' is no row. Write an object with the row's fields.");

    [Fact]
    public void A_table_is_a_list() => Expect(
        "deficit: {id: d}\n", "policy:10:10: deficit: an object is no list. Write a list.");

    [Fact]
    public void A_field_that_does_not_go_with_another_is_named() => Expect(
        "overbooking: [{id: o, pools: a, kind: percent, percent: 10, units: 3}]\n",
        "policy:10:68: overbooking[0].units: The field does not go with kind percent. Remove it.");

    [Fact]
    public void All_errors_are_told_at_once() => Assert.Equal(
        [
            "policy:10:39: deficit[0].action: 'panic' is not known here. Write none, expireNewestHeld, operatorList.",
            "policy:11:19: drift.absolute: -1 is out of range. Write a number from 0 to 9223372036854775807.",
        ],
        PolicyTexts.ErrorsWith("deficit: [{id: d, pools: \"*\", action: panic}]\ndrift: {absolute: -1, percent: 5}\n"));

    [Fact]
    public void A_field_that_is_there_twice_is_named() => Expect(
        "version: 2\n", "policy:10:1: The field 'version' is there twice. Keep one of them.");

    [Fact]
    public void Json_with_a_field_twice_is_refused_too() => Assert.Equal(
        ["policy:2:16: The field 'version' is there twice. Keep one of them."],
        PolicyTexts.ErrorsOf("{\n \"version\": 1, \"version\": 2}"));

    [Fact]
    public void What_is_no_json_is_told_with_its_place() => Assert.Equal(
        ["policy:2:14: This is no JSON: '}' is an invalid start of a value. Correct it, or write YAML "
         + "(a document that does not begin with a brace is read as YAML)."],
        PolicyTexts.ErrorsOf("{\n  \"version\": }"));

    [Fact]
    public void What_is_no_yaml_is_told_with_its_place() => Assert.StartsWith(
        "policy:10:", Assert.Single(PolicyTexts.ErrorsWith("deficit: [{id: d\nother: 1\n")), StringComparison.Ordinal);

    /// <summary>YamlDotNet 16.3.0 throws InvalidOperationException for the first and others for other texts.</summary>
    [Fact]
    public void Whatever_is_cut_off_or_flipped_is_told_as_an_error_and_never_thrown()
    {
        var text = PolicyTexts.Example();
        var random = new Random(20_261_121);

        for (var cut = 0; cut < text.Length; cut += 7)
        {
            Assert.NotNull(PolicyDocument.ParseAny(text[..cut]));
            var flipped = text.ToCharArray();
            flipped[cut] = "[]{}:,\"'-#&*!|>% \t\n\0"[random.Next(20)];
            Assert.NotNull(PolicyDocument.ParseAny(new string(flipped)));
        }
    }

    [Fact]
    public void Anchors_and_aliases_are_not_accepted() => Assert.Equal(
        ["policy:1:10: Anchors and aliases are not accepted. Write the rows out."],
        PolicyTexts.ErrorsOf("version: &one 1\n"));

    [Fact]
    public void A_second_document_is_not_accepted() => Expect(
        "---\nversion: 2\n", "policy:10:1: A second document begins here. Write one policy into one file.");

    [Theory]
    [InlineData("", "policy:1:1: The document is empty. Write an object with version, classes, tables.")]
    [InlineData("7", "policy:1:1: The document is 7. Write an object with version, classes, tables.")]
    public void A_document_is_an_object(string text, string error) =>
        Assert.Equal([error], PolicyTexts.ErrorsOf(text));

    [Fact]
    public void A_document_is_not_nested_without_end() => Assert.Equal(
        ["policy:1:25: Lists and objects are nested deeper than 16. A policy needs no more than six levels."],
        PolicyTexts.ErrorsOf("{\"drift\":" + new string('[', 60) + new string(']', 60) + "}"));

    [Fact]
    public void A_document_of_more_than_a_mebibyte_is_refused() => Assert.Equal(
        ["The document has 1048577 bytes; it may have 1048576. Merge rows by patterns."],
        PolicyTexts.ErrorsOf(new string('#', (1 << 20) + 1)));

    [Fact]
    public void A_document_of_more_than_10_000_rows_is_refused()
    {
        var rows = string.Concat(
            Enumerable.Range(0, 10_000).Select(n => $" - {{id: d{n}, pools: p{n}, action: none}}\n"));

        var error = Assert.Single(PolicyTexts.ErrorsWith("deficit:\n" + rows));

        Assert.Equal("policy:11:2: deficit: The document has more than 10000 rows. Merge rows by patterns.", error);
    }

    [Fact]
    public void Only_the_first_hundred_errors_are_told()
    {
        var rows = string.Concat(Enumerable.Range(0, 300).Select(n => $" - {{id: d{n}, pools: p{n}, action: x}}\n"));

        Assert.Equal(100, PolicyTexts.ErrorsWith("deficit:\n" + rows).Count());
    }

    [Fact]
    public void The_ledger_reads_json_only()
    {
        var reading = PolicyDocument.Parse(PolicyTexts.Smallest);

        Assert.Null(reading.Policy);
        Assert.Contains("This is no JSON", Assert.Single(reading.Errors).Message, StringComparison.Ordinal);
    }

    private static void Expect(string more, string error) => Assert.Equal([error], PolicyTexts.ErrorsWith(more));
}
