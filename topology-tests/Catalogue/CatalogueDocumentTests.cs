using Alloc.Processors.Catalogue;

namespace Topology.Tests.Catalogue;

/// <summary>A catalogue is data: the same in YAML, in JSON and in its canonical form; differences have names.</summary>
public sealed class CatalogueDocumentTests
{
    [Fact]
    public void The_example_of_the_documentation_is_valid_and_survives_its_canonical_form()
    {
        var text = File.ReadAllText(Path.Combine(CatalogueTexts.Root(), "docs/examples/black-friday.catalogue.yaml"));

        var catalogue = CatalogueTexts.Read(text);

        Assert.Equal(catalogue, CatalogueReader.Parse(CatalogueDocument.Write(catalogue)).Catalogue);
    }

    [Fact]
    public void The_same_catalogue_in_yaml_and_in_json_has_the_same_hash()
    {
        const string Json = """
            {"stages": [
               {"owner": "orders", "id": "Waiting", "sla": "60s", "pageShare": 0.20, "customerState": "Received",
                "runbook": "docs/wait.md", "after": []},
               {"id": "Packing", "after": ["Waiting"], "sla": "PT1H", "customerState": "ReadyToShip",
                "owner": "warehouse", "runbook": "docs/p.md"}],
             "version": 1}
            """;

        var yaml = CatalogueTexts.Read(CatalogueTexts.Smallest);
        var json = CatalogueTexts.Read(Json);

        Assert.Equal(yaml, json);
        Assert.Equal(CatalogueDocument.HashOf(yaml), CatalogueDocument.HashOf(json));
    }

    [Fact]
    public void A_canonical_document_says_every_class_so_that_it_means_the_same_whatever_is_shipped_later() =>
        Assert.All(Enum.GetNames<MismatchClass>(), name => Assert.Contains(
            $"{{\"id\":\"{name}\",", CatalogueDocument.Write(CatalogueTexts.Read(CatalogueTexts.Smallest)),
            StringComparison.Ordinal));

    [Fact]
    public void The_errors_that_the_documentation_shows_are_real()
    {
        var guide = File.ReadAllText(Path.Combine(CatalogueTexts.Root(), "docs/catalogue.md"));
        var yaml = guide.Split("```yaml\n")[1].Split("```")[0];
        var shown = guide.Split('\n').Single(line => line.StartsWith("error  my.catalogue", StringComparison.Ordinal));

        var right = CatalogueReader.ParseAny(yaml);
        var wrong = CatalogueReader.ParseAny(yaml.Replace("[Received]", "[Recieved]", StringComparison.Ordinal));

        Assert.Empty(right.Errors);
        Assert.Equal(shown, $"error  {Assert.Single(wrong.Errors).Show("my.catalogue.yaml")}");
    }

    [Fact]
    public void Differences_are_said_row_by_row_and_field_by_field()
    {
        const string Modes = """
            modes:
              - {id: one, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: rejectHolds, pools: [a]}
              - {id: two, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: rejectHolds, pools: [b]}

            """;
        const string Reordered = """
            modes:
              - {id: two, stage: Waiting, measure: oldestAge, onAt: 9m, offAt: 1m, effect: rejectHolds}
              - {id: one, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: rejectHolds, pools: [a]}

            """;
        const string Third =
            "  - {id: Shipping, sla: 1d, customerState: ReadyToShip, owner: warehouse, runbook: docs/s.md}\n";
        var was = CatalogueTexts.Read(CatalogueTexts.Smallest + Modes);
        var willBe = CatalogueTexts.Read(
            CatalogueTexts.Smallest.Replace("sla: 1m", "sla: 2m", StringComparison.Ordinal) + Third + Reordered);

        Assert.Empty(CatalogueDifferences.Between(was, was with { Version = 2 }));
        Assert.Equal(
            [
                "stages[Waiting].sla 1m → 2m", "stages[Shipping] is new", "modes[two].onAt 5m → 9m",
                "modes[two].pools b → absent", "modes in the order two, one",
            ],
            CatalogueDifferences.Between(was, willBe).Select(change => change.ToString()));
        Assert.Contains(
            CatalogueDifferences.Between(willBe, was), change => change.ToString() == "stages[Shipping] is gone");
    }

    [Fact]
    public void A_record_whose_hash_or_version_is_not_its_documents_is_no_catalogue()
    {
        var catalogue = CatalogueTexts.Read(CatalogueTexts.Smallest);
        var record = CatalogueRecords.InForce(catalogue, 0, 1_000, "ann", "first");

        Assert.Equal(catalogue, CatalogueRecords.Read(record).Catalogue);
        Assert.Equal(record, CatalogueRecords.Copy(record).Catalogue);
        Assert.Contains("hash", Refused(record with { ContentHash = new string('0', 64) }), StringComparison.Ordinal);
        Assert.Contains("version 2", Refused(record with { Version = 2 }), StringComparison.Ordinal);
        Assert.Contains("no JSON", Refused(record with { Document = "version: 1" }), StringComparison.Ordinal);
    }

    private static string Refused(Alloc.Schemas.Operations.CatalogueInForce record)
    {
        var reading = CatalogueRecords.Read(record);
        Assert.Null(reading.Catalogue);
        return Assert.Single(reading.Errors).ToString();
    }
}
