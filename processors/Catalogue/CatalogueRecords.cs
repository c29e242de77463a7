using Alloc.Processors.Documents;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Workflow;

namespace Alloc.Processors.Catalogue;

/// <summary>
/// How a catalogue travels: its topic is its archive, and every partition of stages gets a copy under the same key, all
/// in one transaction.
/// </summary>
public static class CatalogueRecords
{
    /// <summary>Topic key of both.</summary>
    public const string Key = "$catalogue";

    /// <summary>What the topic of catalogues says.</summary>
    /// <param name="catalogue">The catalogue.</param>
    /// <param name="replaces">Version that it replaces.</param>
    /// <param name="appliedAtMs">When, in milliseconds since 1970 UTC.</param>
    /// <param name="appliedBy">Who applied it.</param>
    /// <param name="reason">Why.</param>
    public static CatalogueInForce InForce(
        OperationsCatalogue catalogue, int replaces, long appliedAtMs, string appliedBy, string reason)
    {
        var document = CatalogueDocument.Write(catalogue);
        return new CatalogueInForce
        {
            Version = catalogue.Version,
            Document = document,
            ContentHash = CatalogueDocument.HashOf(document),
            Base = replaces,
            AppliedAtMs = appliedAtMs,
            AppliedBy = appliedBy,
            Reason = reason,
        };
    }

    /// <summary>The copy for one partition of stages.</summary>
    public static StageEvent Copy(CatalogueInForce record) => new() { WorkId = "", Catalogue = record };

    /// <summary>Reads the catalogue of a record; a hash that is not its document's is an error, too.</summary>
    public static CatalogueReading Read(CatalogueInForce record)
    {
        var reading = CatalogueReader.Parse(record.Document);
        if (reading.Catalogue is not { } catalogue)
        {
            return reading;
        }
        var wrong = catalogue.Version != record.Version
            ? $"The record says version {record.Version}, its document {catalogue.Version}."
            : CatalogueDocument.HashOf(record.Document) != record.ContentHash
                ? $"The record's hash {record.ContentHash} is not that of its document." : null;
        return wrong is null ? reading : new CatalogueReading(null,
            [new DocumentProblem(0, 0, "", null, wrong, "Only alloc catalogue apply should write it.")], []);
    }
}
