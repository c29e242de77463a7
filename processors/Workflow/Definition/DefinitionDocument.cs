using System.Text.Json;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>Writes definitions.</summary>
public static class DefinitionDocument
{
    /// <summary>
    /// The canonical document: JSON without white space, every field of every row and object in a fixed order, so that
    /// it says the same whatever is shipped later. Fields that do not apply are left out.
    /// </summary>
    public static string Write(WorkflowDefinition definition) => CanonicalJson.Write(json =>
    {
        json.WriteNumber("version", definition.Version);
        json.WriteRows("segments", definition.Segments, Segment);
        json.WriteRows("limits", definition.Limits, Limit);
        json.WriteStartObject("payment");
        json.WriteNumber("tries", definition.Payment.Tries);
        json.WriteDuration("firstPause", definition.Payment.FirstPauseMs);
        json.WriteNumber("factor", definition.Payment.Factor);
        json.WriteDuration("answerWithin", definition.Payment.AnswerWithinMs);
        json.WriteNumber("reauthorisations", definition.Payment.Reauthorisations);
        json.WriteEndObject();
        json.WriteStartObject("compensation");
        json.WriteNumber("tries", definition.Compensation.Tries);
        json.WriteDuration("firstPause", definition.Compensation.FirstPauseMs);
        json.WriteNumber("factor", definition.Compensation.Factor);
        json.WriteDuration("longestPause", definition.Compensation.LongestPauseMs);
        json.WriteDuration("answerWithin", definition.Compensation.AnswerWithinMs);
        json.WriteEndObject();
        json.WriteStartObject("review");
        json.WriteNumber("reviewers", definition.Review.Reviewers);
        json.WriteDuration("perCase", definition.Review.PerCaseMs);
        json.WriteNumber("acceptBelow", definition.Review.AcceptBelow);
        json.WriteNumber("rejectFrom", definition.Review.RejectFrom);
        json.WriteEndObject();
        json.WriteStartObject("promise");
        json.WriteDuration("notifyAtMostEvery", definition.Promise.NotifyAtMostEveryMs);
        json.WriteEndObject();
        json.WriteRows("mappings", definition.Mappings, Mapping);
        json.WriteRows("migrations", definition.Migrations, Migration);
    });

    /// <summary>SHA-256 of the canonical document, lower-case hexadecimal.</summary>
    public static string HashOf(WorkflowDefinition definition) => HashOf(Write(definition));

    /// <summary>SHA-256 of a document's bytes in UTF-8, lower-case hexadecimal.</summary>
    public static string HashOf(string document) => CanonicalJson.HashOf(document);

    private static void Segment(SegmentRow row, Utf8JsonWriter json)
    {
        json.WriteString("id", row.Id);
        if (row.When is { } when)
        {
            json.WriteStartObject("when");
            Condition(when, json);
            json.WriteEndObject();
        }
        json.WriteTexts("steps", row.Steps.Select(Words.Of));
    }

    private static void Condition(SegmentCondition when, Utf8JsonWriter json)
    {
        if (when.Attributes.Count > 0)
        {
            json.WriteStartObject("attributes");
            foreach (var attribute in when.Attributes)
            {
                json.WriteTexts(attribute.Name, attribute.Values);
            }
            json.WriteEndObject();
        }
        if (when.Amount is { } amount)
        {
            json.WriteNumber("amountAtLeastMinor", amount.AtLeastMinor);
            json.WriteString("currency", amount.Currency);
        }
    }

    private static void Limit(LimitRow row, Utf8JsonWriter json)
    {
        json.WriteWord("step", row.Step);
        json.WriteDuration("within", row.WithinMs);
        json.WriteWord("then", row.Then);
        if (row.InReviewRouting is { } routed)
        {
            json.WriteWord("inReviewRouting", routed);
        }
    }

    private static void Mapping(MappingRow row, Utf8JsonWriter json)
    {
        json.WriteString("id", row.Id);
        json.WriteString("system", row.OutsideSystem);
        json.WriteNumber("version", row.Version);
        json.WriteString("code", row.Code);
        json.WriteString("means", row.Means.ToString());
    }

    private static void Migration(MigrationRow row, Utf8JsonWriter json)
    {
        json.WriteNumber("from", row.From);
        json.WriteNumber("to", row.To);
        json.WriteWord("rule", row.Rule);
    }
}
