using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;

namespace Topology.Tests.Catalogue;

/// <summary>What is in force before anybody applies a catalogue.</summary>
public sealed class ShippedCatalogueTests
{
    /// <summary>Tasks that saw no other catalogue count under it: another text would be another version.</summary>
    [Fact]
    public void The_canonical_document_of_version_0_never_changes()
    {
        var shipped = File.ReadAllText(Path.Combine(
            CatalogueTexts.Root(), "topology-tests/Catalogue/version-0.catalogue.json"));

        Assert.Equal(shipped.TrimEnd(), CatalogueDocument.Write(OperationsCatalogue.Shipped));
    }

    [Fact]
    public void It_is_valid_and_survives_its_canonical_form()
    {
        var reading = CatalogueReader.Parse(CatalogueDocument.Write(OperationsCatalogue.Shipped));

        Assert.Empty(reading.Errors);
        Assert.Empty(reading.Notes);
        Assert.Equal(OperationsCatalogue.Shipped, reading.Catalogue);
    }

    [Fact]
    public void An_order_goes_through_seven_stages()
    {
        var stages = OperationsCatalogue.Shipped.Stages;

        Assert.Equal(
            [
                "AcceptedForProcessing 1m orders", "InventoryHoldPending 30s allocation",
                "AwaitingFraudDecision 15m fraud", "ManualReviewRequired 4h fraud", "AuthorizationPending 10m payments",
                "ReadyForFulfillment 1d warehouse", "InFulfillment 1d warehouse",
            ],
            stages.Select(stage => $"{stage.Id} {Duration(stage.Sla)} {stage.Owner}"));
    }

    [Fact]
    public void Every_class_of_mismatches_has_a_row_at_its_place() => Assert.Equal(
        Enum.GetValues<MismatchClass>(), OperationsCatalogue.Shipped.Classes.Select(row => row.Class));

    [Fact]
    public void What_it_does_with_the_ledger_the_shipped_policy_allows() =>
        Assert.Empty(LedgerModes.Undone(OperationsCatalogue.Shipped, PolicyVersions.Version0));

    [Theory]
    [MemberData(nameof(Runbooks))]
    public void Every_runbook_leads_to_a_heading_of_a_file_of_ours(string runbook)
    {
        var parts = runbook.Split('#');
        var file = Path.Combine(CatalogueTexts.Root(), parts[0]);
        Assert.SkipUnless(Directory.Exists(Path.GetDirectoryName(file)), $"There is no folder of {parts[0]} yet.");

        var headings = File.ReadLines(file).Where(line => line.StartsWith('#'))
            .Select(line => line.TrimStart('#').Trim().ToLowerInvariant().Replace(' ', '-'));

        Assert.True(parts.Length == 1 || headings.Contains(parts[1]), $"{runbook} leads nowhere.");
    }

    public static TheoryData<string> Runbooks =>
    [
        .. OperationsCatalogue.Shipped.Stages.Select(stage => stage.Runbook)
            .Concat(OperationsCatalogue.Shipped.Classes.Select(row => row.Runbook)).Distinct(),
    ];

    private static string Duration(TimeSpan time) =>
        Alloc.Processors.Notation.DurationText.Show((long)time.TotalMilliseconds);
}
