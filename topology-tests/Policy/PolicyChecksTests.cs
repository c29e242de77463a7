using Alloc.Processors.Allocation.Policy;

namespace Topology.Tests.Policy;

/// <summary>
/// Rows that contradict each other, or leave something open, are named before they are ever in force.
/// </summary>
public sealed class PolicyChecksTests
{
    [Fact]
    public void Two_rows_of_a_document_have_different_ids() => Expect(
        "deficit: [{id: ttl/all, pools: \"*\", action: none}]\n",
        "policy:10:16: deficit[0].id: The id 'ttl/all' is that of ttl[0] too. "
        + "Give each row of the document an id of its own.");

    [Theory]
    [InlineData("protection: [{id: p, pools: a, class: golden, units: 5}]", "policy:10:39: protection[0].class")]
    [InlineData("overbooking: [{id: o, pools: a, kind: fixed, units: 5, classes: [golden]}]",
        "policy:10:65: overbooking[0].classes")]
    [InlineData("quota: [{id: q, pools: a, scope: class, value: golden, nominal: 1}]", "policy:10:48: quota[0].value")]
    [InlineData("classMappings: [{from: silver, to: golden}]", "policy:10:36: classMappings[0].to")]
    [InlineData("waitlist: [{id: w, pools: a, order: strictFifo, boost: {golden: 1h}, offerTtl: 1h, maximumWait: 1h, "
        + "maximumWaiters: 1}]", "policy:10:56: waitlist[0].boost")]
    public void An_unknown_class_is_named_wherever_it_stands(string more, string place) => Expect(
        $"{more}\n",
        $"{place}: The class 'golden' is not known. Known are gold, web; add it to classes, the highest first.");

    [Fact]
    public void A_mapping_is_for_a_class_that_is_gone() => Expect(
        "classMappings: [{from: gold, to: web}]\n",
        "policy:10:24: classMappings[0].from: The class 'gold' is still one of the classes. "
        + "Remove the mapping, or the class.");

    [Fact]
    public void A_class_is_mapped_once() => Expect(
        "classMappings: [{from: old, to: web}, {from: old, to: gold}]\n",
        "policy:10:46: classMappings[1].from: The class 'old' is mapped twice. Keep one of the mappings.");

    [Fact]
    public void The_class_of_the_shipped_policy_is_asked_for_where_the_previous_one_is_not_known()
    {
        var first = PolicyDocument.ParseAny(PolicyTexts.Smallest);
        var mapped = PolicyDocument.ParseAny(PolicyTexts.Smallest + "classMappings: [{from: standard, to: web}]\n");

        Assert.Equal(
            "policy:3:10: classes: Reservations made under the shipped policy have the class 'standard', which is not "
            + "known here. If this is the first policy, add to classMappings: from 'standard' to one of gold, web.",
            Assert.Single(first.Notes).ToString());
        Assert.Empty(mapped.Notes);
    }

    [Fact]
    public void A_class_of_the_previous_version_does_not_disappear_without_a_mapping()
    {
        var previous = PolicyDocument.ParseAny(
            PolicyTexts.Smallest.Replace("gold, web", "gold, silver, web", StringComparison.Ordinal)).Policy!;

        Assert.Equal(
            ["policy:3:10: classes: The class 'silver' of version 1 is gone; reservations may still have it. "
             + "Keep it, or add to classMappings: from 'silver' to one of gold, web."],
            PolicyTexts.ErrorsOf(PolicyTexts.Smallest, previous));
        Assert.Empty(PolicyTexts.ErrorsOf(
            PolicyTexts.Smallest + "classMappings: [{from: silver, to: web}]\n", previous));
    }

    [Fact]
    public void A_mapping_stays_as_long_as_reservations_may_need_it()
    {
        var previous = PolicyDocument.ParseAny(
            PolicyTexts.Smallest + "classMappings: [{from: silver, to: web}]\n").Policy!;

        Assert.Contains(
            "The class 'silver' of version 1 is gone",
            Assert.Single(PolicyTexts.ErrorsOf(PolicyTexts.Smallest, previous)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_behind_one_that_matches_everything_is_never_reached() => Assert.Equal(
        ["policy:5:3: class: The table leaves a gap: its last row does not match everything. "
         + "End it with a row for pools \"*\" that asks for nothing else.",
         "policy:6:29: class[1].pools: The row 'class/gold' is never reached: 'class/all' before it matches all that "
         + "it matches. Move it before that row, or remove it."],
        PolicyTexts.ErrorsOf(PolicyTexts.Smallest.Replace(
            "class: web}", "class: web}\n  - {id: class/gold, pools: \"seats-*\", tier: gold, class: gold}",
            StringComparison.Ordinal)));

    [Fact]
    public void A_protection_behind_a_wider_one_of_its_class_is_never_reached() => Expect(
        "protection:\n  - {id: wide, pools: a*, class: gold, units: 1}\n"
        + "  - {id: other, pools: ab, class: web, units: 1}\n"
        + "  - {id: narrow, pools: ab*, class: gold, units: 2}\n",
        "policy:13:25: protection[2].pools: The row 'narrow' is never reached: 'wide' before it matches all that it "
        + "matches. Move it before that row, or remove it.");

    [Fact]
    public void A_narrower_row_before_a_wider_one_is_an_exception_to_it() => Assert.Empty(PolicyTexts.ErrorsWith(
        "protection:\n  - {id: narrow, pools: ab*, class: gold, units: 2}\n"
        + "  - {id: wide, pools: a*, class: gold, units: 1}\n"));

    [Fact]
    public void A_class_without_a_life_of_its_holds_is_a_gap() => Assert.Equal(
        ["policy:7:3: ttl: No row says for every pool how long holds of class 'gold' live. "
         + "End the table with a row for pools \"*\" without a class."],
        PolicyTexts.ErrorsOf(PolicyTexts.Smallest.Replace(
            "minimum", "class: web, minimum", StringComparison.Ordinal)));

    [Fact]
    public void Conduct_for_some_pools_only_is_a_gap() => Assert.Equal(
        ["policy:9:3: conduct: The table leaves a gap: its last row does not match everything. "
         + "End it with a row for pools \"*\" that asks for nothing else."],
        PolicyTexts.ErrorsOf(PolicyTexts.Smallest.Replace(
            "conduct/all, pools: \"*\"", "conduct/all, pools: seats-*", StringComparison.Ordinal)));

    [Fact]
    public void A_default_life_is_between_minimum_and_maximum() => Assert.Equal(
        ["policy:7:53: ttl[0].default: The default 500ms is shorter than the minimum 1s. "
         + "Write minimum, default and maximum in rising order."],
        PolicyTexts.ErrorsOf(PolicyTexts.Smallest.Replace("15m", "500ms", StringComparison.Ordinal)));

    [Fact]
    public void A_curve_does_not_go_up_as_the_service_nears() => Expect(
        "overbooking: [{id: o, pools: a, kind: curve, curve: [{before: 30d, percent: 5}, {before: 7d, percent: 8}]}]\n",
        "policy:10:53: overbooking[0].curve: The curve goes up: 5 percent from 30d, then 8 percent from 7d before "
        + "service. Let it fall or stay as the service nears.");

    [Fact]
    public void The_steps_of_a_curve_are_in_the_order_of_time() => Expect(
        "overbooking: [{id: o, pools: a, kind: curve, curve: [{before: 7d, percent: 8}, {before: 30d, percent: 5}]}]\n",
        "policy:10:53: overbooking[0].curve: Step 2 begins 30d before service, not later than step 1 (7d). "
        + "Order the steps by time, the longest before service first.");

    [Fact]
    public void A_curve_has_a_step() => Expect(
        "overbooking: [{id: o, pools: a, kind: curve, curve: []}]\n",
        "policy:10:53: overbooking[0].curve: The curve has no step. "
        + "Write the first one, for instance before: 30d, percent: 10.");

    [Fact]
    public void A_class_takes_units_from_lower_ones_only() => Expect(
        "preemption: [{id: p, pools: a, class: web, victims: [gold], maximumVictims: 1}]\n",
        "policy:10:53: preemption[0].victims: The class 'gold' is not below 'web'. "
        + "A class takes units from lower ones only; classes has the highest first.");

    [Fact]
    public void Preemption_names_its_victims() => Expect(
        "preemption: [{id: p, pools: a, class: gold, victims: [], maximumVictims: 1}]\n",
        "policy:10:54: preemption[0].victims: There is no class to take units from. Name one, or remove the row.");

    [Fact]
    public void Two_quotas_do_not_count_the_same_scope_in_the_same_pool() => Expect(
        "quota:\n  - {id: one, pools: seats-A, scope: dealer, value: dealer-7, nominal: 5}\n"
        + "  - {id: two, pools: seats-*, scope: dealer, value: dealer-7, nominal: 9}\n",
        "policy:12:22: quota[1].pools: The rows 'one' and 'two' both limit dealer 'dealer-7' in pool seats-A. "
        + "Give them pools that do not overlap, or keep one of them.");

    [Fact]
    public void Two_quotas_for_each_dealer_do_not_overlap_either() => Expect(
        "quota:\n  - {id: one, pools: \"*\", scope: dealer, nominal: 5}\n"
        + "  - {id: two, pools: seats-*, scope: dealer, nominal: 9}\n",
        "policy:12:22: quota[1].pools: The rows 'one' and 'two' both limit dealer (each) in pool seats-*. "
        + "Give them pools that do not overlap, or keep one of them.");

    [Fact]
    public void A_quota_for_one_behind_the_quota_for_each_is_never_reached() => Expect(
        "quota:\n  - {id: each, pools: \"*\", scope: dealer, nominal: 5}\n"
        + "  - {id: one, pools: seats-*, scope: dealer, value: dealer-7, nominal: 9}\n",
        "policy:12:22: quota[1].pools: The row 'one' is never reached: 'each' before it matches all that it matches. "
        + "Move it before that row, or remove it.");

    [Theory]
    [InlineData("borrowing", 68)]
    [InlineData("lending", 66)]
    public void Only_who_has_a_name_borrows_and_lends(string field, int column) => Expect(
        $"quota: [{{id: each, pools: a, scope: dealer, nominal: 5, {field}: 2}}]\n",
        $"policy:10:{column}: quota[0].{field}: The row 'each' has no value: each dealer has a counter of its own, and "
        + $"none of them borrows or lends. Remove {field}, or write a row with a value for each.");

    [Fact]
    public void Nobody_lends_more_than_he_has() => Expect(
        "quota: [{id: q, pools: a, scope: dealer, value: d, nominal: 5, lending: 6}]\n",
        "policy:10:73: quota[0].lending: The row 'q' lends 6, more than its nominal 5. Lend no more than the nominal.");

    [Fact]
    public void Nobody_takes_back_what_he_does_not_lend() => Expect(
        "quota: [{id: q, pools: a, scope: dealer, value: d, nominal: 5, reclaim: held}]\n",
        "policy:10:73: quota[0].reclaim: The row 'q' lends nothing that it could take back. "
        + "Remove reclaim, or write a row with a value and lending above 0.");

    [Fact]
    public void Sums_beyond_2_to_the_63_are_named() => Assert.Equal(
        ["policy:12:58: protection[1].units: In pool seats-A the units kept for classes add up to "
         + "9223372036854775808, more than 9223372036854775807. Write smaller numbers."],
        PolicyTexts.ErrorsWith(
            "protection:\n  - {id: a, pools: seats-*, class: gold, units: 9223372036854775807}\n"
            + "  - {id: b, pools: seats-A, class: web, units:           1}\n"));

    [Fact]
    public void A_nominal_and_what_is_borrowed_stay_below_2_to_the_63() => Expect(
        "quota: [{id: q, pools: a, scope: dealer, value: d, nominal: 9223372036854775807, borrowing: 1}]\n",
        "policy:10:61: quota[0].nominal: In pool a the nominal and borrowing add up to 9223372036854775808, "
        + "more than 9223372036854775807. Write smaller numbers.");

    [Fact]
    public void A_critical_pool_is_not_overbooked() => Expect(
        "importance: [{id: i, pools: vip-*, importance: critical}]\n"
        + "overbooking: [{id: o, pools: \"*\", kind: fixed, units: 5}]\n",
        "policy:11:30: overbooking[0].pools: Pool vip-* is critical by 'i' and must not be overbooked. "
        + "Put a row with kind none for these pools before this one.");

    [Fact]
    public void A_critical_pool_that_is_excepted_from_overbooking_is_right() => Assert.Empty(PolicyTexts.ErrorsWith(
        "importance: [{id: i, pools: vip-*, importance: critical}]\n"
        + "overbooking: [{id: n, pools: vip-*, kind: none}, {id: o, pools: \"*\", kind: fixed, units: 5}]\n"));

    [Fact]
    public void A_cheap_pool_has_no_waitlist() => Expect(
        "importance: [{id: i, pools: tmp-*, importance: cheap, maximumTtl: 1m}]\n"
        + "waitlist: [{id: w, pools: tmp-1, order: strictFifo, offerTtl: 1m, maximumWait: 1h, maximumWaiters: 5}]\n",
        "policy:11:27: waitlist[0].pools: Pool tmp-1 is cheap by 'i' and must not be waited for. "
        + "Put a row with order none for these pools before this one.");

    [Fact]
    public void A_pattern_gives_each_pool_a_count_of_its_own_and_a_note_says_so()
    {
        var reading = PolicyDocument.ParseAny(
            PolicyTexts.Smallest + "quota: [{id: q, pools: seats-*, scope: dealer, nominal: 5}]\n",
            PolicyDocument.ParseAny(PolicyTexts.Smallest).Policy);

        Assert.NotNull(reading.Policy);
        Assert.Equal(
            "policy:10:24: quota[0].pools: Each pool of seats-* has a count of its own: 5 units for each dealer, not "
            + "shared. A limit over several pools is a pool itself; see docs/policy.md.",
            Assert.Single(reading.Notes).ToString());
    }

    private static void Expect(string more, string error) => Assert.Equal([error], PolicyTexts.ErrorsWith(more));
}
