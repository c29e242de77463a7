using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Topology.Tests.Policy;

namespace Topology.Tests.Catalogue;

/// <summary>What of a catalogue's modes the ledger will not do under a policy, and what to do about it.</summary>
public sealed class LedgerModesTests
{
    private const string Web = "classes: [web]";

    [Theory]
    [InlineData("the row that is missing", "effect: extendHolds, cap: 30m", "",
        "the policy knows no mode slow|{id: mode/slow, mode: slow, pools: \"*\", effect: extendHolds, cap: 30m}")]
    [InlineData("one for each pattern", "effect: rejectHolds, pools: [a, 'b-*']", "",
        "{id: mode/slow, mode: slow, pools: \"a\", effect: rejectHolds} "
        + "{id: mode/slow-2, mode: slow, pools: \"b-*\", effect: rejectHolds}")]
    [InlineData("with its classes", "effect: rejectHolds, " + Web, "", "effect: rejectHolds, classes: [web]}")]
    [InlineData("pools that no row is about", "effect: rejectHolds, pools: [a]",
        "{id: m, mode: slow, pools: b, effect: rejectHolds}", "no row of mode slow is about pools a")]
    [InlineData("another effect", "effect: rejectHolds",
        "{id: m, mode: slow, pools: \"*\", effect: extendHolds, cap: 1h}",
        "the catalogue says rejectHolds, the policy's rows say extendHolds|Write the same effect in both.")]
    [InlineData("all is there", "effect: extendHolds, cap: 30m",
        "{id: m, mode: slow, pools: \"*\", effect: extendHolds, cap: 1h}", null)]
    [InlineData("workflows are no business of the policy", "effect: manualReview", "", null)]
    public void A_mode_that_the_policy_does_not_allow_is_named_with_the_row_to_add(
        string what, string mode, string row, string? said)
    {
        var catalogue = CatalogueTexts.Read(CatalogueTexts.Smallest
            + $"modes:\n  - {{id: slow, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, {mode}}}\n");
        var policy = PolicyDocument.ParseAny(
            PolicyTexts.Smallest + (row.Length > 0 ? $"modes:\n  - {row}\n" : "")).Policy!;

        var undone = LedgerModes.Undone(catalogue, policy);

        if (said is null)
        {
            Assert.Empty(undone);
            return;
        }
        var one = Assert.Single(undone);
        Assert.Equal("slow", one.Mode);
        Assert.All(said.Split('|'), part => Assert.True(
            $"{one.Why} {one.Remedy}".Contains(part, StringComparison.Ordinal), $"{what}: {one}"));
    }

    /// <summary>Each is put into force with the policy beside it.</summary>
    [Theory]
    [InlineData("black-friday-demo")]
    [InlineData("black-friday")]
    public void What_an_example_does_with_the_ledger_its_policy_allows(string name) => Assert.Empty(LedgerModes.Undone(
        CatalogueTexts.Read(PolicyTexts.Document($"examples/{name}.catalogue.yaml")),
        PolicyDocument.ParseAny(PolicyTexts.Document("examples/black-friday.policy.yaml")).Policy!));
}
