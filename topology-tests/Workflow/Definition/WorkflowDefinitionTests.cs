using Alloc.Processors.Workflow.Definition;

namespace Topology.Tests.Workflow.Definition;

/// <summary>What a definition says of one order.</summary>
public sealed class WorkflowDefinitionTests
{
    private static readonly WorkflowDefinition Marketplace =
        DefinitionTexts.Read(DefinitionTexts.File("docs/examples/marketplace.definition.yaml"));

    [Theory]
    [InlineData("risk=high", 1L, "EUR", "high-risk")]
    [InlineData("risk=high channel=web", 100_000L, "EUR", "high-risk")]
    [InlineData("channel=web", 100_000L, "EUR", "expensive")]
    [InlineData("channel=app", long.MaxValue, "EUR", "expensive")]
    [InlineData("channel=web", 99_999L, "EUR", "standard")]
    [InlineData("channel=shop", 100_000L, "EUR", "standard")]
    [InlineData("channel=web", 100_000L, "USD", "standard")]
    [InlineData("channel=web", 100_000L, null, "standard")]
    [InlineData("channel=web", null, "EUR", "standard")]
    [InlineData("goods=gift-card", 100_000L, "EUR", "gift-card")]
    [InlineData("goods=gift-card channel=web", 100_000L, "EUR", "expensive")]
    [InlineData("risk=low", 1L, "EUR", "standard")]
    [InlineData("Risk=high", 1L, "EUR", "standard")]
    [InlineData("", 1L, "EUR", "standard")]
    [InlineData(null, 1L, "EUR", "standard")]
    public void An_order_is_of_the_first_segment_that_matches(
        string? attributes, long? amountMinor, string? currency, string segment)
    {
        var named = attributes?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('='))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

        Assert.Equal(segment, Marketplace.SegmentOf(named, amountMinor, currency).Id);
    }

    [Theory]
    [InlineData("high-risk", "Fraud Hold Authorise Confirm Fulfil")]
    [InlineData("standard", "Hold Fraud Authorise Confirm Fulfil")]
    [InlineData("gift-card", "Authorise Hold Confirm Fulfil")]
    public void Steps_follow_one_another_as_the_segment_says(string segment, string steps)
    {
        var walked = new List<WorkflowStep>();
        for (WorkflowStep? step = Marketplace.Segment(segment)!.Steps[0]; step is { } known;
            step = Marketplace.NextStep(segment, known))
        {
            walked.Add(known);
        }

        Assert.Equal(steps, string.Join(' ', walked));
    }

    [Fact]
    public void After_a_review_an_order_goes_on_as_after_the_check()
    {
        Assert.Equal(WorkflowStep.Authorise, Marketplace.NextStep("standard", WorkflowStep.Review));
        Assert.Equal(WorkflowStep.Hold, Marketplace.NextStep("high-risk", WorkflowStep.Review));
    }

    [Theory]
    [InlineData("gift-card", WorkflowStep.Fraud)]
    [InlineData("gift-card", WorkflowStep.Review)]
    [InlineData("standard", WorkflowStep.Stop)]
    [InlineData("standard", WorkflowStep.Return)]
    [InlineData("nobody", WorkflowStep.Hold)]
    public void Nothing_comes_after_a_step_that_the_segment_lacks(string segment, WorkflowStep step) =>
        Assert.Throws<ArgumentException>(() => Marketplace.NextStep(segment, step));

    [Fact]
    public void A_limit_says_how_long_and_what_then()
    {
        Assert.Equal(
            new LimitRow(WorkflowStep.Review, 8 * 3_600_000, LimitAction.Exception),
            Marketplace.LimitOf(WorkflowStep.Review));
        var fraud = Marketplace.LimitOf(WorkflowStep.Fraud)!;
        Assert.Equal((LimitAction.Cancel, LimitAction.Review), (fraud.At(reviewRouting: false), fraud.At(true)));
        Assert.Equal(LimitAction.Cancel, Marketplace.LimitOf(WorkflowStep.Hold)!.At(reviewRouting: true));
    }

    [Theory]
    [InlineData("payment/cards", 1, "51", OutsideMeaning.InsufficientFunds)]
    [InlineData("fraud", 3, "AMBER", OutsideMeaning.Review)]
    [InlineData("payment/cards", 2, "51", null)]
    [InlineData("payment/cards", 1, "52", null)]
    [InlineData("payment", 1, "51", null)]
    [InlineData("fraud", 3, "amber", null)]
    public void A_code_means_what_its_row_says_and_nothing_without_one(
        string system, int version, string code, OutsideMeaning? meaning) =>
        Assert.Equal(meaning, Marketplace.MeaningOf(system, version, code));

    [Theory]
    [InlineData(1, MigrationRule.Move)]
    [InlineData(2, MigrationRule.Finish)]
    [InlineData(7, MigrationRule.Finish)]
    public void An_order_moves_only_by_a_row_that_says_so(int version, MigrationRule rule) =>
        Assert.Equal(rule, Marketplace.MigrationOf(version));

    // Twelve reviewers with six minutes a case: eight hours are 960 cases.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 30_000)]
    [InlineData(959, 28_770_000)]
    [InlineData(960, 28_800_000)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void A_case_has_room_while_the_predicted_wait_is_below_the_limit(long casesWaiting, long predictedMs)
    {
        Assert.Equal(predictedMs, Marketplace.Review.PredictedWaitMs(casesWaiting));
        Assert.Equal(casesWaiting < 960, Marketplace.HasRoom(casesWaiting));
    }

    [Fact]
    public void A_predicted_wait_is_cut_to_whole_milliseconds_and_has_room_below_the_limit()
    {
        var thirds = Marketplace with { Review = new ReviewRules(Reviewers: 3, PerCaseMs: 28_800_001, 0, 0) };

        Assert.Equal(28_800_001, thirds.Review.PredictedWaitMs(3));
        Assert.False(thirds.HasRoom(3));
        Assert.Equal(19_200_000, thirds.Review.PredictedWaitMs(2));
        Assert.True(thirds.HasRoom(2));
    }

    [Fact]
    public void Without_reviewers_nothing_is_predicted_and_no_case_has_room()
    {
        var nobody = Marketplace with { Review = Marketplace.Review with { Reviewers = 0 } };

        Assert.Null(nobody.Review.PredictedWaitMs(0));
        Assert.False(nobody.HasRoom(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Marketplace.HasRoom(-1));
    }

    [Theory]
    [InlineData(0, ScoreRuling.Accept)]
    [InlineData(14, ScoreRuling.Accept)]
    [InlineData(15, ScoreRuling.Cancel)]
    [InlineData(69, ScoreRuling.Cancel)]
    [InlineData(70, ScoreRuling.Reject)]
    [InlineData(100, ScoreRuling.Reject)]
    [InlineData(null, ScoreRuling.Cancel)]
    public void Beyond_the_room_the_score_decides(int? score, ScoreRuling ruling) =>
        Assert.Equal(ruling, Marketplace.Review.Beyond(score));

    [Fact]
    public void With_one_bound_for_both_nothing_is_left_in_between()
    {
        var sharp = Marketplace.Review with { AcceptBelow = 50, RejectFrom = 50 };

        Assert.Equal((ScoreRuling.Accept, ScoreRuling.Reject), (sharp.Beyond(49), sharp.Beyond(50)));
    }

    [Fact]
    public void Pauses_of_payments_and_undos_grow_by_their_factor()
    {
        var shipped = WorkflowDefinition.Shipped;

        Assert.Equal([1_000L, 4_000, 16_000], Enumerable.Range(1, 3).Select(shipped.Payment.PauseMs));
        Assert.Equal(
            [1_000L, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000],
            Enumerable.Range(1, 11).Select(shipped.Compensation.PauseMs));
    }

    [Theory]
    [InlineData(1, 5, 1, 100, 5)]
    [InlineData(int.MaxValue, 5, 1, 100, 5)]
    [InlineData(1, 5, 2, 3, 3)]
    [InlineData(2, 5, 20, 100, 100)]
    [InlineData(2, 5, 21, 100, 100)]
    [InlineData(64, 1, 2, long.MaxValue, long.MaxValue)]
    [InlineData(63, 1, 2, long.MaxValue, 1L << 62)]
    [InlineData(int.MaxValue, 86_400_000, 100, long.MaxValue, long.MaxValue)]
    public void A_pause_is_never_longer_than_the_longest_and_never_overflows(
        int tryNumber, long firstMs, int factor, long longestMs, long pauseMs) =>
        Assert.Equal(pauseMs, BackOff.PauseMs(tryNumber, firstMs, factor, longestMs));

    [Fact]
    public void There_is_no_pause_before_the_first_try() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkflowDefinition.Shipped.Payment.PauseMs(0));
}
